import { ask, type PublicKey, type Steps } from './crypto.js'
import { bytesOfText, decode, decodeUnpadded, encode, keyOf } from './encoding.js'
import { badSecret } from './error.js'
import { isAsymmetric, type Scheme } from './scheme.js'

const publicKeyPrefix = 'whpk_'

// These begin a public key in the DER of RFC 5280; what follows is the key itself.
const spkiEd25519 = '302a300506032b6570032100'
const spkiP256 = '3059301306072a8648ce3d020106082a8648ce3d030107034200'
const ed25519Bytes = 32
const pointBytes = 65

/** A secret or a public key, ready to verify with. */
export interface Key {
  /** The place of the secret that it was made of. */
  index: number
  shared?: Uint8Array
  public?: PublicKey
}

/** The kinds of keys that the schemes of a format take between them. */
export interface Kinds {
  shared: boolean
  public: boolean
}

/** What kinds of keys the schemes take. */
export function kindsOf(schemes: readonly Scheme[]): Kinds {
  const isPublic = schemes.map((scheme) => isAsymmetric(scheme.algorithm))
  return { shared: isPublic.includes(false), public: isPublic.includes(true) }
}

/**
 * Makes keys of the secrets. It takes those of the scheme's kind, and leaves those that
 * are for its alternatives. Which kind a secret is depends on nothing but its text and the
 * format, so that no text is tried as both. Throws bad_secret.
 */
export function* keysOf(scheme: Scheme, secrets: readonly string[], takes: Kinds): Steps<Key[]> {
  if (secrets.length === 0) throw badSecret('none was given')
  const keys: Key[] = []
  for (const [index, secret] of secrets.entries()) {
    const isPublic = !takes.shared || looksPublic(secret)
    if (takes.public && isPublic !== isAsymmetric(scheme.algorithm)) continue
    if (isPublic && !isAsymmetric(scheme.algorithm)) throw badSecret('it is written as a public key, which everybody knows')
    if (isAsymmetric(scheme.algorithm)) {
      keys.push({ index, public: yield* publicKeyOf(scheme.algorithm, secret) })
    } else if (scheme.algorithm === 'token' && secret !== '') {
      const raw = bytesOfText(secret)
      keys.push({ index, shared: scheme.encoding === 'base64' ? bytesOfText(encode('base64', raw)) : raw })
    } else {
      keys.push({ index, shared: keyOf(secret, scheme.key ?? 'text', scheme.keyPrefix ?? '') })
    }
  }
  return keys
}

/** How public keys begin that are no bare ones; the last two are DER in either base64, for Ed25519 and P-256. */
const written = [publicKeyPrefix, 'MCowBQYDK2VwAyEA', 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE']

/**
 * Whether a text is written as a public key, so that it must never be a shared secret:
 * everybody knows it. The bare bytes of an Ed25519 key can't be told from a secret; those
 * of a point can, because no secret is 65 bytes long and begins with 4.
 */
function looksPublic(text: string): boolean {
  const trimmed = text.trim()
  if (written.some((beginning) => trimmed.startsWith(beginning))) return true
  const start = trimmed.slice(0, spkiP256.length).toLowerCase()
  if (start.startsWith(spkiEd25519) || start.startsWith(spkiP256)) return true
  return (trimmed.startsWith('{') && trimmed.includes('"kty"')) || isPublicPEM(trimmed) || isPoint(trimmed)
}

/** Whether there is PEM in a text, of anything but a private key. */
function isPublicPEM(text: string): boolean {
  return text.includes('-----BEGIN ') && !text.includes('PRIVATE KEY-----')
}

/** Whether a text is the bare bytes of an uncompressed point of P-256. */
function isPoint(text: string): boolean {
  const paddedLength = Math.ceil(pointBytes / 3) * 4
  const padded = text.length === paddedLength - 1 ? `${text}=` : text // browsers write it without padding
  const encodings = { [2 * pointBytes]: ['hex'], [paddedLength]: ['base64', 'base64url'] }[padded.length] ?? []
  return encodings.some((encoding) => {
    const raw = decode(encoding, padded)
    return raw?.length === pointBytes && raw[0] === 4
  })
}

/**
 * Reads a public key: `whpk_` and the base64 of an Ed25519 key, a JSON Web Key (RFC
 * 7517), PEM or the base64 of its DER, or the base64 or hex of the bare key.
 */
function* publicKeyOf(algorithm: string, text: string): Steps<PublicKey> {
  const trimmed = text.trim()
  const raw = trimmed.startsWith('{') ? rawOfJWK(trimmed) : bareKey(rawOfText(trimmed))
  if ((raw.length === ed25519Bytes) !== (algorithm === 'ed25519')) throw badSecret(`the key is not one for ${algorithm}`)
  const key = yield* ask((cryptography) => cryptography.publicKey(algorithm, raw))
  if (key === undefined) throw badSecret(`it is not a public key that this runtime can use for ${algorithm}`)
  return key
}

function rawOfText(text: string): Uint8Array {
  const bare = text.startsWith(publicKeyPrefix) ? text.slice(publicKeyPrefix.length) : text
  const block = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/.exec(bare)
  if (block) {
    const der = decode('base64', (block[2] as string).replace(/\s/g, ''))
    if (der) return der
  }
  for (const encoding of ['hex', 'base64', 'base64url']) {
    const raw = decode(encoding, bare)
    if (raw !== undefined && raw.length >= ed25519Bytes) return raw
  }
  throw badSecret('it is not a public key')
}

function bareKey(raw: Uint8Array): Uint8Array {
  for (const [prefix, length] of [[spkiEd25519, ed25519Bytes], [spkiP256, pointBytes]] as const) {
    const begins = prefix.length / 2
    if (raw.length === begins + length && encode('hex', raw.subarray(0, begins)) === prefix) return raw.subarray(begins)
  }
  if (raw.length !== ed25519Bytes && !(raw.length === pointBytes && raw[0] === 4)) throw badSecret('it is not a public key of Ed25519 or P-256')
  return raw
}

function rawOfJWK(text: string): Uint8Array {
  const read = (value: unknown) => (typeof value === 'string' ? decodeUnpadded(value) : undefined)
  let key: Record<string, unknown>
  try {
    key = JSON.parse(text) as Record<string, unknown>
  } catch {
    throw badSecret('it is not a JSON Web Key')
  }
  const x = read(key['x'])
  const y = read(key['y'])
  if (key['kty'] === 'OKP' && key['crv'] === 'Ed25519' && x?.length === ed25519Bytes) return x
  if (key['kty'] === 'EC' && key['crv'] === 'P-256' && x?.length === ed25519Bytes && y?.length === ed25519Bytes) {
    return Uint8Array.from([4, ...x, ...y])
  }
  throw badSecret('it is not a JSON Web Key of Ed25519 or P-256')
}

/** Writes a bare public key in the DER of RFC 5280. */
export function subjectPublicKey(algorithm: string, raw: Uint8Array): Uint8Array {
  const prefix = decode('hex', algorithm === 'ed25519' ? spkiEd25519 : spkiP256) as Uint8Array
  return Uint8Array.from([...prefix, ...raw])
}
