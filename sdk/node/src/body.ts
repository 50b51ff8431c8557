import { bytesOfText } from './encoding.js'
import { VerificationError } from './error.js'

/** A body exactly as it came: its bytes, or its text if it is UTF-8. */
export type RawBody = string | Uint8Array | ArrayBuffer

const advice =
  'it was parsed before it was verified, and writing it again gives other bytes. Pass the raw body: ' +
  "express.raw({ type: '*/*' }) instead of express.json() on this route, await request.text() in Fetch and Next.js, the chunks in node:http"

/** The bytes of a raw body. Throws body_not_raw, which tells how to get it. */
export function bytesOfBody(body: RawBody): Uint8Array {
  if (typeof body === 'string') return bytesOfText(body)
  // Not instanceof: a test runner may have a Uint8Array of its own.
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
  if (Object.prototype.toString.call(body) === '[object ArrayBuffer]') return new Uint8Array(body as ArrayBuffer)
  const isMissing = body === undefined || body === null
  throw new VerificationError('body_not_raw', { detail: isMissing ? 'there is no body. Pass the raw one, an empty string if it is empty' : advice })
}

/** The error for a stream that somebody else has read. */
export function alreadyRead(): VerificationError {
  return new VerificationError('body_not_raw', { detail: advice })
}
