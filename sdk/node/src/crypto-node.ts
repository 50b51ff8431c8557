import { createHash, createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto'

import type { Cryptography, PublicKey } from './crypto.js'
import { subjectPublicKey } from './key.js'

/** The cryptography of Node, which answers at once. */
export const nodeCryptography: Cryptography = {
  digest: (hash, data) => createHash(hash).update(data).digest(),
  hmac: (hash, key, content) => createHmac(hash, key).update(content).digest(),
  publicKey(algorithm, raw): PublicKey | undefined {
    try {
      return createPublicKey({ key: Buffer.from(subjectPublicKey(algorithm, raw)), format: 'der', type: 'spki' })
    } catch {
      return undefined // the point isn't on the curve
    }
  },
  isSignedBy(algorithm, key, content, signature) {
    const public_ = key as KeyObject
    if (algorithm === 'ed25519') return verify(null, content, public_, signature)
    return verify('sha256', content, { key: public_, dsaEncoding: 'ieee-p1363' }, signature)
  },
  isEqual: (a, b) => a.length === b.length && timingSafeEqual(a, b),
}
