import type { IncomingMessage, ServerResponse } from 'node:http'

import { alreadyRead, type RawBody } from './body.js'
import { joined } from './bytes.js'
import { VerificationError } from './error.js'
import type { VerifiedEvent } from './event.js'
import { defaultMaxBytes, type ReadingOptions, refusal, tooLarge } from './fetch.js'
import { verifySync } from './sync.js'
import type { Format, Secrets } from './verify.js'

declare global {
  // The name that the types of Express give to what others add to their requests.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Request {
      /** The verified event, behind the middleware webhook(). */
      webhookEvent?: VerifiedEvent
    }
  }
}

/** A request of node:http, or one that a framework has made out of it. */
export type Incoming = IncomingMessage & { body?: unknown; rawBody?: unknown }

/**
 * Reads the body of a request and verifies it, for node:http and frameworks on top of it. A
 * body that is there already is taken if it is raw: `rawBody`, or `body` as
 * express.raw() leaves it. Rejects with a VerificationError; with body_not_raw if a
 * parser has read the body before.
 */
export async function verifyIncoming(request: Incoming, secrets: Secrets, format: Format, options: ReadingOptions = {}): Promise<VerifiedEvent> {
  const body = await rawBodyOf(request, options.maxBytes ?? defaultMaxBytes)
  return verifySync(body, request.rawHeaders, secrets, format, options)
}

/**
 * A middleware for Express that verifies the request and puts the event into
 * `request.webhookEvent`. It must come before any parser of bodies. A request that
 * isn't good is answered here; what is wrong with this receiver itself goes to the
 * error handler, with its `status`.
 */
export function webhook(secrets: Secrets, format: Format, options: ReadingOptions = {}) {
  return (request: Incoming, response: ServerResponse, next: (error?: unknown) => void): void => {
    verifyIncoming(request, secrets, format, options).then(
      (event) => {
        Object.assign(request, { webhookEvent: event })
        next()
      },
      (error: unknown) => {
        if (error instanceof VerificationError && error.status < 500) refuse(response, error)
        else next(error)
      },
    )
  }
}

/** Answers a request that wasn't accepted, with the error's status and its code. */
export function refuse(response: ServerResponse, error: VerificationError): void {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (error.code === 'body_too_large') headers['connection'] = 'close' // the rest of it isn't read
  response.writeHead(error.status, headers).end(refusal(error))
}

async function rawBodyOf(request: Incoming, maxBytes: number): Promise<RawBody> {
  for (const body of [request.rawBody, request.body]) {
    if (typeof body === 'string' || ArrayBuffer.isView(body)) return body as RawBody
  }
  if (request.readableDidRead || request.readableEnded) throw alreadyRead()
  return readAll(request, maxBytes)
}

function readAll(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let length = 0
    const finish = (settle: () => void) => {
      request.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      settle()
    }
    const onData = (chunk: Buffer | string) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      length += bytes.length
      if (length <= maxBytes) {
        chunks.push(bytes)
        return
      }
      request.pause()
      finish(() => reject(tooLarge(maxBytes)))
    }
    const onEnd = () => finish(() => resolve(joined(chunks)))
    const onError = (error: Error) => finish(() => reject(error))
    const onClose = () => finish(() => reject(new Error('the sender broke off before the end of the body')))
    request.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  })
}
