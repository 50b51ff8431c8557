import type { RawBody } from './body.js'
import { runNow } from './crypto.js'
import { nodeCryptography } from './crypto-node.js'
import type { VerifiedEvent } from './event.js'
import type { HeadersInput } from './headers.js'
import { type Format, type Options, type Secrets, steps } from './verify.js'

/**
 * Checks that the request was signed with one of the secrets over exactly this body,
 * and recently. The body must be what came, before any parsing. Secrets and signatures
 * are compared in constant time. Throws a VerificationError.
 */
export function verifySync(body: RawBody, headers: HeadersInput, secrets: Secrets, format: Format, options: Options = {}): VerifiedEvent {
  return runNow(steps(body, headers, secrets, format, options), nodeCryptography)
}
