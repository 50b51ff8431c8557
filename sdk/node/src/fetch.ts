import { alreadyRead } from './body.js'
import { joined } from './bytes.js'
import { VerificationError } from './error.js'
import type { VerifiedEvent } from './event.js'
import type { Format, Options, Secrets } from './verify.js'
import type { Verify } from './verifier.js'

/** Options of the helpers that read the body themselves. */
export interface ReadingOptions extends Options {
  /** The longest body that is read, in bytes: 2 MiB if it isn't given. */
  maxBytes?: number
}

/** The longest body that is read unless something else is asked for. */
export const defaultMaxBytes = 2 << 20

/** What a receiver does with an event. What it answers is answered; otherwise the answer is 200. */
export type Handler = (event: VerifiedEvent, request: Request) => Response | void | Promise<Response | void>

/** The error for a body that is too long. */
export function tooLarge(maxBytes: number): VerificationError {
  return new VerificationError('body_too_large', { detail: `the body is longer than ${maxBytes} bytes` })
}

/** What is answered to a sender whose request was refused. */
export function refusal(error: VerificationError): string {
  return JSON.stringify({ error: error.code, message: error.message })
}

/** Makes the helpers for Fetch on top of a verify function. */
export function fetchHelpers(verify: Verify) {
  async function verifyRequest(request: Request, secrets: Secrets, format: Format, options: ReadingOptions = {}): Promise<VerifiedEvent> {
    const body = await readBody(request, options.maxBytes ?? defaultMaxBytes)
    return verify(body, request.headers, secrets, format, options)
  }

  function receiver(secrets: Secrets, format: Format, handle: Handler, options: ReadingOptions = {}): (request: Request) => Promise<Response> {
    return async (request) => {
      let event: VerifiedEvent
      try {
        event = await verifyRequest(request, secrets, format, options)
      } catch (error) {
        const isSenders = error instanceof VerificationError && error.status < 500
        if (!isSenders) throw error // who runs this receiver must see it
        return new Response(refusal(error), { status: error.status, headers: { 'content-type': 'application/json' } })
      }
      return (await handle(event, request)) ?? new Response(null, { status: 200 })
    }
  }

  return { verifyRequest, receiver }
}

async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (request.bodyUsed) throw alreadyRead()
  if (!request.body) return new Uint8Array()
  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > maxBytes) {
      await reader.cancel()
      throw tooLarge(maxBytes)
    }
    chunks.push(value)
  }
  return joined(chunks)
}
