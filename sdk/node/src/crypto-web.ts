import type { Cryptography, Hash, PublicKey } from './crypto.js'

const hashNames: Record<Hash, string> = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' }

// Types of different runtimes disagree on what may lie behind a Uint8Array.
const source = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>

const importAs = (algorithm: string) => (algorithm === 'ed25519' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: 'P-256' })
const verifyAs = (algorithm: string) => (algorithm === 'ed25519' ? { name: 'Ed25519' } : { name: 'ECDSA', hash: 'SHA-256' })

/** The cryptography of WebCrypto, which every edge runtime has. */
export const webCryptography: Cryptography = {
  async digest(hash, data) {
    return new Uint8Array(await crypto.subtle.digest(hashNames[hash], source(data)))
  },
  async hmac(hash, key, content) {
    const made = await crypto.subtle.importKey('raw', source(key), { name: 'HMAC', hash: hashNames[hash] }, false, ['sign'])
    return new Uint8Array(await crypto.subtle.sign('HMAC', made, source(content)))
  },
  async publicKey(algorithm, raw): Promise<PublicKey | undefined> {
    try {
      return await crypto.subtle.importKey('raw', source(raw), importAs(algorithm), false, ['verify'])
    } catch {
      return undefined // the point isn't on the curve, or the runtime doesn't know the algorithm
    }
  },
  async isSignedBy(algorithm, key, content, signature) {
    return crypto.subtle.verify(verifyAs(algorithm), key as CryptoKey, source(signature), source(content))
  },
  isEqual(a, b) {
    if (a.length !== b.length) return false
    let difference = 0
    for (let at = 0; at < a.length; at++) difference |= (a[at] as number) ^ (b[at] as number)
    return difference === 0
  },
}
