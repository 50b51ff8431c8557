// The entry point for runtimes that have WebCrypto and nothing of Node.
import { run } from './crypto.js'
import { webCryptography } from './crypto-web.js'
import { fetchHelpers } from './fetch.js'
import type { Receiver, Verify, VerifyRequest } from './verifier.js'
import { steps } from './verify.js'

export * from './exports.js'

/** See Verify. */
export const verify: Verify = async (body, headers, secrets, format, options = {}) => run(steps(body, headers, secrets, format, options), webCryptography)

const helpers = fetchHelpers(verify)

/** See VerifyRequest. */
export const verifyRequest: VerifyRequest = helpers.verifyRequest

/** See Receiver. */
export const receiver: Receiver = helpers.receiver
