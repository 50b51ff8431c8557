import { ask, type Hash, type Steps } from './crypto.js'
import { bytesOfHeader, bytesOfText, decodeUnpadded, encode } from './encoding.js'
import { malformed, quote, VerificationError } from './error.js'
import type { Key } from './key.js'
import { matching, mustMatch } from './match.js'
import { entries, lines, type ReceivedRequest } from './read.js'
import type { Claims, Scheme } from './scheme.js'
import { checkAge, checkExpiry, type Signed } from './time.js'

/** Seconds: the end of the year 9999, the last that every language has. */
const farthest = 253_402_300_799

/** Compares a secret that is sent as it is. */
export function* verifyToken(scheme: Scheme, keys: Key[], request: ReceivedRequest): Steps<Signed> {
  const header = scheme.header ?? ''
  const texts = lines(scheme, request.headers).flatMap((value) => entries(scheme, value).signatures)
  if (texts.length === 0) throw malformed(header, `nothing in it begins with ${quote(scheme.prefix ?? '')}`)
  let secret = -1
  for (const key of keys) {
    for (const text of texts) {
      const isSame = yield* ask((c) => c.isEqual(key.shared as Uint8Array, bytesOfHeader(text)))
      if (isSame && secret < 0) secret = key.index
    }
  }
  mustMatch(secret, header)
  return { secret, id: '', signedAt: undefined }
}

/** Checks a JSON Web Token (RFC 7515, section 5.2) and that it vouches for the body. */
export function* verifyClaims(scheme: Scheme, keys: Key[], request: ReceivedRequest): Steps<Signed> {
  const { header = '', prefix = '' } = scheme
  const names = scheme.claims as Claims
  const value = request.headers.singleWithoutList(header)
  const token = value.slice(prefix.length)
  const parts = token.split('.')
  if (!value.startsWith(prefix) || parts.length !== 3) throw malformed(header, `it holds no JSON Web Token after ${quote(prefix)}`)
  const { claims, signature } = readToken(header, parts)
  const secret = yield* matching(scheme, keys, bytesOfText(token.slice(0, token.lastIndexOf('.'))), [signature])
  const digest = yield* ask((c) => c.digest(names.hash as Hash, request.body))
  const vouched = claims.get(names.digest)
  const isBody = yield* ask((c) => c.isEqual(bytesOfText(encode(names.encoding, digest)), bytesOfText(typeof vouched === 'string' ? vouched : '')))
  mustMatch(isBody ? secret : -1, header)
  const id = names.id ? claims.get(names.id) : ''
  return { secret, id: typeof id === 'string' ? id : '', signedAt: checkClaimedTimes(scheme, names, claims, request) }
}

/** Reads a token that says it was made with HS256 and nothing else. */
function readToken(header: string, parts: string[]): { claims: Map<string, unknown>; signature: Uint8Array } {
  const [head, payload, signature] = parts.map(decodeUnpadded)
  if (!head || !payload || !signature) throw malformed(header, 'the token is not base64url')
  const made = objectOf(head)
  if (made?.get('alg') !== 'HS256' || (made.get('crit') ?? null) !== null) throw malformed(header, 'the token was not made with HS256')
  const claims = objectOf(payload)
  if (!claims) throw malformed(header, "the token's claims are not a JSON object")
  return { claims, signature }
}

function objectOf(json: Uint8Array): Map<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(json))
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? new Map(Object.entries(value)) : undefined
  } catch {
    return undefined
  }
}

/**
 * Checks the claims with times. `exp` and `nbf` bound every token (RFC 7519, section 4.1),
 * whether or not the scheme names them.
 */
function checkClaimedTimes(scheme: Scheme, names: Claims, claims: Map<string, unknown>, request: ReceivedRequest): number | undefined {
  const header = scheme.header ?? ''
  const timeOf = (name: string) => {
    const seconds = claims.get(name)
    if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= farthest)) throw malformed(header, `the token has no time as ${quote(name)}`)
    return Math.trunc(seconds) * 1000
  }
  const signedAt = names.timestamp ? timeOf(names.timestamp) : undefined
  if (signedAt !== undefined) checkAge(scheme, header, signedAt, request.now)
  if (names.expires) checkExpiry(header, timeOf(names.expires), request)
  if (claims.has('exp')) checkExpiry(header, timeOf('exp'), request)
  if (!claims.has('nbf')) return signedAt
  const toleranceSeconds = scheme.toleranceSeconds ?? 0
  const ageSeconds = (request.now - timeOf('nbf')) / 1000
  if (ageSeconds < -toleranceSeconds && !request.anyTime) {
    throw new VerificationError('timestamp_too_new', { header, ageSeconds, toleranceSeconds })
  }
  return signedAt
}
