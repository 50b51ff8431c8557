/** How bytes are written as text. Base64 is padded; `text` is the bytes as they are. */
export type Encoding = 'text' | 'hex' | 'base64' | 'base64url'

/** How a request is signed; `token` is a secret that is sent as it is. */
export type Algorithm =
  | 'hmac-sha1'
  | 'hmac-sha256'
  | 'hmac-sha512'
  | 'ed25519'
  | 'ecdsa-p256-sha256'
  | 'jwt-hs256'
  | 'token'

/** Names the claims of a JSON Web Token that are looked at. */
export interface Claims {
  /** The claim with the digest of the body, made with `hash` and written in `encoding`. */
  digest: string
  hash: string
  encoding: Encoding | (string & {})
  /** The claim with the moment of signing, in seconds. */
  timestamp?: string
  /** The claim with the moment after which the token is void, in seconds. */
  expires?: string
  /** The claim with the event's id. */
  id?: string
}

/**
 * Says where a dialect puts its signature and what it signs, in the notation of
 * `signature/schemes.json`. A receiver needs one only for a dialect that isn't
 * built in.
 */
export interface Scheme {
  /** Tells a scheme from its alternatives. */
  name?: string
  /** Makes the signature. */
  algorithm: Algorithm | (string & {})
  /** Writes the signature. */
  encoding?: Encoding | (string & {})
  /** With keyPrefix says how the secret is read: what follows the prefix is in this encoding. */
  key?: Encoding | (string & {})
  keyPrefix?: string
  /** The form of an ECDSA signature. */
  ecdsa?: 'der' | 'raw' | (string & {})
  /**
   * What is signed, with `{id}`, `{timestamp}`, `{body}`, `{url}`, `{header.NAME}`,
   * `{digest.sha256}` and `{digest.sha512}`, the digests with `.hex` or `.base64url`
   * behind them if they aren't in base64. The body or a digest of it must be among
   * them.
   */
  content?: string
  /**
   * Holds the signatures: entries with `separator` between them, of which those that
   * begin with `prefix` are signatures and others are passed over. Without a separator
   * the whole value is one entry.
   */
  header?: string
  separator?: string
  prefix?: string
  /** The header may stand several times, with a signature in each. */
  severalLines?: boolean
  /** Begins the entry of `header` that holds the timestamp. */
  timestampPrefix?: string
  /** The header that holds the timestamp. If both places are named, they must agree. */
  timestampHeader?: string
  /** What the timestamp counts since 1970: `s`, which it is if nothing is said, or `ms`. */
  timestampUnit?: 's' | 'ms' | (string & {})
  /** The header that holds the event's id. */
  idHeader?: string
  /** How far from the receiver's clock the timestamp may be; absent or zero accepts any. */
  toleranceSeconds?: number
  /** Where the token of `jwt-hs256` says what it vouches for. */
  claims?: Claims
  /** Makes it an HTTP message signature (RFC 9421) that covers at least these components. */
  message?: { components: string[] }
  /**
   * Further schemes of the same sender: a request that fits one is accepted, unless its
   * time isn't tolerated. Schemes with public keys are tried with the secrets that are
   * written as one, and the others with the rest. Either all bound the time, by a
   * tolerance or by `claims.expires`, or none does: whoever keeps a request could take
   * the signature over the time away from it.
   */
  alternatives?: Scheme[]
}

/** Whether a receiver of this algorithm needs a public key and no secret. */
export function isAsymmetric(algorithm: string): boolean {
  return algorithm === 'ed25519' || algorithm === 'ecdsa-p256-sha256'
}

/** Whether the scheme has a timestamp to tolerate. */
export function signsTime(scheme: Scheme): boolean {
  if (scheme.message) return true
  if (scheme.algorithm === 'token') return false
  if (scheme.algorithm === 'jwt-hs256') return Boolean(scheme.claims?.timestamp)
  return Boolean(scheme.timestampHeader || scheme.timestampPrefix)
}
