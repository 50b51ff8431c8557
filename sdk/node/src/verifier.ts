import type { RawBody } from './body.js'
import type { VerifiedEvent } from './event.js'
import type { HeadersInput } from './headers.js'
import type { Handler, ReadingOptions } from './fetch.js'
import type { Format, Options, Secrets } from './verify.js'

/**
 * Checks that the request was signed with one of the secrets over exactly this body,
 * and recently. The body must be what came, before any parsing. Secrets and signatures
 * are compared in constant time. Rejects with a VerificationError.
 */
export type Verify = (body: RawBody, headers: HeadersInput, secrets: Secrets, format: Format, options?: Options) => Promise<VerifiedEvent>

/**
 * Reads the body of a request of Fetch and verifies it. Rejects with a VerificationError;
 * with body_not_raw if somebody has read the body before, and with missing_url if the
 * format signs the URL and the option url isn't given: the request's own is what whoever
 * sent it has written into it.
 */
export type VerifyRequest = (request: Request, secrets: Secrets, format: Format, options?: ReadingOptions) => Promise<VerifiedEvent>

/**
 * Makes a route out of what is to be done with an event: a function from a Request to a
 * Response, as Next.js, Hono, Deno, Bun and workers have it. A request that isn't good is
 * answered with its status and code and never reaches the handler; what is wrong with
 * this receiver itself is thrown.
 */
export type Receiver = (secrets: Secrets, format: Format, handle: Handler, options?: ReadingOptions) => (request: Request) => Promise<Response>
