import type { ReceivedRequest } from './read.js'
import type { Signed } from './time.js'

/** An event whose request was accepted. */
export class VerifiedEvent {
  /**
   * The event's id, where the format signs one, else empty. It is the same in every
   * attempt, so that a receiver can tell repetitions.
   */
  readonly id: string
  /** When the request was signed; undefined where the format doesn't say. */
  readonly timestamp: Date | undefined
  /** The index of the secret that signed. When it is no longer that of the old secret, a rotation is over for this receiver. */
  readonly secret: number
  /** The name of the scheme that fitted, where a format has several. */
  readonly scheme: string
  /** The body as it came. */
  readonly body: Uint8Array

  constructor(request: ReceivedRequest, signed: Signed, scheme: string) {
    this.id = signed.id
    this.timestamp = signed.signedAt === undefined ? undefined : new Date(signed.signedAt)
    this.secret = signed.secret
    this.scheme = scheme
    this.body = request.body
  }

  /** The body as text. */
  text(): string {
    return new TextDecoder().decode(this.body)
  }

  /** The body as JSON, parsed now. Throws a SyntaxError if it isn't JSON. */
  json(): unknown {
    return JSON.parse(this.text())
  }
}
