// Compiled, not run: the types as a module and a script of one program see them.
import { type Problem, type Scheme, VerificationError, verify, webhook } from 'posthorn'
import { receiver } from 'posthorn/edge'

export const declared: Scheme = { algorithm: 'hmac-sha256', encoding: 'hex', key: 'text', content: '{body}', header: 'X-Signature' }
export const id = (await verify('', new Headers(), ['secret', 'other'], declared, { toleranceSeconds: 60 })).id satisfies string
export const middleware = webhook('secret', 'standard', { maxBytes: 1000 })
export const route = receiver('secret', 'standard', (event) => new Response(event.type)) satisfies (request: Request) => Promise<Response>
export const codeOf = (error: unknown): Problem | undefined => (error instanceof VerificationError ? error.code : undefined)

// @ts-expect-error a parsed body isn't a raw one
await verify({ parsed: true }, {}, 'secret', 'standard')
// @ts-expect-error there must be a format
await verify('', {}, 'secret')
