import { ask, type Hash, type Steps } from './crypto.js'
import { bytesOfHeader } from './encoding.js'
import { malformed, VerificationError } from './error.js'
import { isTimestamp, type ReceivedHeaders } from './headers.js'
import type { Key } from './key.js'
import { matching, mustMatch } from './match.js'
import type { ReceivedRequest } from './read.js'
import type { Scheme } from './scheme.js'
import { contentDigest, type MessageInput, messageSignature, parseByteSequences, parseInputs, signatureInput } from './structured.js'
import { derived } from './target.js'
import { checkAge, checkExpiry, type Signed } from './time.js'

const digests: [string, Hash][] = [['sha-256', 'sha256'], ['sha-512', 'sha512']]

/**
 * Checks an HTTP message signature (RFC 9421, section 3.2): any one whose algorithm is
 * the scheme's and that covers what must be covered. Others that stand beside it, those of
 * a proxy for example, don't get in the way.
 */
export function* verifyMessage(scheme: Scheme, keys: Key[], request: ReceivedRequest): Steps<Signed> {
  const { inputs, signatures } = readMessage(scheme, request)
  yield* checkDigest(request)
  let secret = -1
  let compared = 0
  let signedBy: MessageInput | undefined
  let failure: VerificationError | undefined
  for (const input of inputs) {
    let base: Uint8Array
    try {
      base = bytesOfHeader(messageBase(input, request))
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error
      failure ??= error // it covers what the request doesn't have; if all do, the first reason is told
      continue
    }
    compared++
    const found = yield* matching(scheme, keys, base, [signatures.get(input.label) as Uint8Array])
    if (found >= 0 && secret < 0) {
      secret = found
      signedBy = input
    }
  }
  if (compared === 0) throw failure
  mustMatch(secret, messageSignature)
  const isIDSigned = scheme.idHeader && signedBy?.components.includes(scheme.idHeader.toLowerCase())
  return {
    secret,
    id: isIDSigned ? request.headers.single(scheme.idHeader as string) : '',
    signedAt: checkCreated(scheme, signedBy as MessageInput, request),
  }
}

function readMessage(scheme: Scheme, request: ReceivedRequest): { inputs: MessageInput[]; signatures: Map<string, Uint8Array> } {
  const { headers } = request
  const inputs = parseInputs(headers.joined(signatureInput))
  if (!inputs) throw noDictionary(headers, signatureInput, 'it is no dictionary of lists (RFC 9421, section 4.1)')
  const signatures = parseByteSequences(headers.joined(messageSignature))
  if (!signatures) throw noDictionary(headers, messageSignature, 'it is no dictionary of byte sequences (RFC 9421, section 4.2)')
  const needed = scheme.message?.components ?? []
  const suitable = inputs.filter(
    (input) =>
      !input.isForeign &&
      new Set(input.components).size === input.components.length && // RFC 9421, section 2
      needed.every((name) => input.components.includes(name)) &&
      signatures.has(input.label) &&
      (input.parameters.get('alg') ?? scheme.algorithm) === scheme.algorithm,
  )
  if (suitable.length === 0) {
    throw malformed(signatureInput, `no signature in it is made with ${scheme.algorithm} and covers ${needed.join(', ')}`)
  }
  return { inputs: suitable, signatures }
}

function noDictionary(headers: ReceivedHeaders, header: string, detail: string): VerificationError {
  return headers.all(header).length > 1 ? new VerificationError('doubled_header', { header }) : malformed(header, detail)
}

/** Compares Content-Digest with the body. */
function* checkDigest(request: ReceivedRequest): Steps<void> {
  const written = parseByteSequences(request.headers.single(contentDigest))
  if (!written) throw malformed(contentDigest, 'it is no dictionary of byte sequences (RFC 9530, section 2)')
  const known = digests.filter(([name]) => written.has(name))
  for (const [name, hash] of known) {
    const digest = yield* ask((c) => c.digest(hash, request.body))
    const isSame = yield* ask((c) => c.isEqual(digest, written.get(name) as Uint8Array))
    mustMatch(isSame ? 0 : -1, contentDigest)
  }
  if (known.length === 0) throw malformed(contentDigest, 'it has neither sha-256 nor sha-512')
}

/** Checks the parameters with times. What has expired is refused whether or not the scheme tolerates any age. */
function checkCreated(scheme: Scheme, input: MessageInput, request: ReceivedRequest): number | undefined {
  const signedAt = timeOf(input, 'created')
  if (signedAt !== undefined) checkAge(scheme, signatureInput, signedAt, request.now)
  else if (scheme.toleranceSeconds) throw malformed(signatureInput, "it doesn't say when the signature was created")
  const expires = timeOf(input, 'expires')
  if (expires !== undefined) checkExpiry(signatureInput, expires, request)
  return signedAt
}

function timeOf(input: MessageInput, parameter: string): number | undefined {
  const text = input.parameters.get(parameter)
  if (text === undefined) return undefined
  if (!isTimestamp(text)) throw malformed(signatureInput, `${parameter} is not a time in seconds`)
  return Number(text) * 1000
}

/** Makes the signature base (RFC 9421, section 2.5). */
function messageBase(input: MessageInput, request: ReceivedRequest): string {
  const covered = input.components.map((name) => {
    const value = name.startsWith('@') ? derived(name, request.url) : request.headers.single(name)
    return `"${name}": ${value.trim()}\n`
  })
  return `${covered.join('')}"@signature-params": ${input.written}`
}
