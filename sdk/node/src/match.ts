import { ask, type Hash, type Steps } from './crypto.js'
import { encode } from './encoding.js'
import { VerificationError } from './error.js'
import type { Key } from './key.js'
import type { Scheme } from './scheme.js'

const hashes: Record<string, Hash> = { 'hmac-sha1': 'sha1', 'hmac-sha256': 'sha256', 'hmac-sha512': 'sha512', 'jwt-hs256': 'sha256' }

/** The length of both numbers of a P-256 signature. */
const rawBytes = 64
const ed25519SignatureBytes = 64
const lengths: Record<string, number> = { 'hmac-sha1': 20, 'hmac-sha256': 32, 'hmac-sha512': 64, ed25519: ed25519SignatureBytes }

/** How long every signature of the scheme is, in bytes; undefined where that differs from one to the next. */
export function signatureBytes(scheme: Scheme): number | undefined {
  return scheme.algorithm === 'ecdsa-p256-sha256' && scheme.ecdsa === 'raw' ? rawBytes : lengths[scheme.algorithm]
}

/**
 * The index of the secret that made one of the signatures over the content, or -1. All
 * pairs are compared, so that the time taken doesn't tell which one it was.
 */
export function* matching(scheme: Scheme, keys: Key[], content: Uint8Array, signatures: Uint8Array[]): Steps<number> {
  let found = -1
  for (const key of keys) {
    const shared = key.shared
    const expected = shared && (yield* ask((c) => c.hmac(hashes[scheme.algorithm] as Hash, shared, content)))
    for (const signature of signatures) {
      const isGood = expected
        ? yield* ask((c) => c.isEqual(expected, signature))
        : yield* isSignedBy(scheme, key, content, signature)
      if (isGood && found < 0) found = key.index
    }
  }
  return found
}

function* isSignedBy(scheme: Scheme, key: Key, content: Uint8Array, signature: Uint8Array): Steps<boolean> {
  const isDER = scheme.algorithm !== 'ed25519' && scheme.ecdsa === 'der'
  const raw = isDER ? rawOfDER(signature) : signature
  const wanted = scheme.algorithm === 'ed25519' ? ed25519SignatureBytes : rawBytes
  const public_ = key.public
  if (public_ === undefined || raw?.length !== wanted) return false
  return yield* ask((c) => c.isSignedBy(scheme.algorithm, public_, content, raw))
}

/**
 * Takes the two numbers out of the ASN.1 of RFC 3279, which must be its one shortest
 * form; undefined if it isn't that.
 */
function rawOfDER(der: Uint8Array): Uint8Array | undefined {
  const shape = /^30(..)02(..)((?:..)+)$/.exec(encode('hex', der))
  if (!shape || Number.parseInt(shape[1] as string, 16) !== der.length - 2) return undefined
  const length = 2 * Number.parseInt(shape[2] as string, 16)
  const rest = shape[3] as string
  const second = /^02(..)((?:..)+)$/.exec(rest.slice(length))
  if (!second || 2 * Number.parseInt(second[1] as string, 16) !== (second[2] as string).length) return undefined
  const numbers = [coordinate(rest.slice(0, length)), coordinate(second[2] as string)].join('')
  if (numbers.length !== 2 * rawBytes) return undefined
  return Uint8Array.from({ length: rawBytes }, (_, at) => Number.parseInt(numbers.slice(2 * at, 2 * at + 2), 16))
}

/** A whole number of DER in 32 bytes, in hex; empty if it is none. */
function coordinate(hex: string): string {
  const isNegative = /^[89a-f]/.test(hex)
  const isLong = /^00[0-7]/.test(hex)
  if (hex === '' || isNegative || isLong) return ''
  return hex.replace(/^00/, '').padStart(rawBytes, '0')
}

/** Throws unless a secret matched. */
export function mustMatch(secret: number, header: string): void {
  if (secret < 0) throw new VerificationError('no_matching_signature', { header })
}
