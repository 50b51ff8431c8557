// What both entry points offer.
export type { RawBody } from './body.js'
export { type Problem, type ProblemDetails, VerificationError } from './error.js'
export type { VerifiedEvent } from './event.js'
export type { Handler, ReadingOptions } from './fetch.js'
export type { HeadersInput } from './headers.js'
export type { Algorithm, Claims, Encoding, Scheme } from './scheme.js'
export type { Receiver, Verify, VerifyRequest } from './verifier.js'
export { type Format, formats, type Options, type Secrets } from './verify.js'
