/** The hashes that are used. */
export type Hash = 'sha1' | 'sha256' | 'sha512'

/** A public key as the runtime wants it; nobody else looks inside. */
export type PublicKey = object

/** A value now, or later where the runtime computes elsewhere. */
export type Soon<T> = T | Promise<T>

/**
 * What is asked of a runtime's cryptography. One answers at once (node:crypto), one
 * later (WebCrypto); verification is written once for both.
 */
export interface Cryptography {
  digest(hash: Hash, data: Uint8Array): Soon<Uint8Array>
  hmac(hash: Hash, key: Uint8Array, content: Uint8Array): Soon<Uint8Array>
  /** Takes the 32 bytes of an Ed25519 key or the 65 of an uncompressed point of P-256; undefined if it is none. */
  publicKey(algorithm: string, raw: Uint8Array): Soon<PublicKey | undefined>
  /** An ECDSA signature is both numbers as 32 bytes each. */
  isSignedBy(algorithm: string, key: PublicKey, content: Uint8Array, signature: Uint8Array): Soon<boolean>
  /** Compares in a time that doesn't tell where the two differ. */
  isEqual(a: Uint8Array, b: Uint8Array): boolean
}

/** A computation that now and then asks the runtime's cryptography. */
export type Steps<T> = Generator<(cryptography: Cryptography) => unknown, T, unknown>

/** Asks the cryptography one thing. */
export function* ask<T>(question: (cryptography: Cryptography) => Soon<T>): Steps<T> {
  return (yield question) as T
}

/** Runs a computation with cryptography that answers at once. */
export function runNow<T>(steps: Steps<T>, cryptography: Cryptography): T {
  let step = steps.next()
  while (!step.done) step = steps.next(step.value(cryptography))
  return step.value
}

/** Runs a computation with any cryptography. */
export async function run<T>(steps: Steps<T>, cryptography: Cryptography): Promise<T> {
  let step = steps.next()
  while (!step.done) step = steps.next(await step.value(cryptography))
  return step.value
}
