// The entry point for Node, and for runtimes that have its node:crypto.
import { fetchHelpers } from './fetch.js'
import { verifySync } from './sync.js'
import type { Receiver, Verify, VerifyRequest } from './verifier.js'

export * from './exports.js'
export { type Incoming, refuse, verifyIncoming, webhook } from './incoming.js'
export { verifySync } from './sync.js'

/** See Verify. */
export const verify: Verify = async (body, headers, secrets, format, options) => verifySync(body, headers, secrets, format, options)

const helpers = fetchHelpers(verify)

/** See VerifyRequest. */
export const verifyRequest: VerifyRequest = helpers.verifyRequest

/** See Receiver. */
export const receiver: Receiver = helpers.receiver
