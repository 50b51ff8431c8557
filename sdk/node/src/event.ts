import type { ReceivedHeaders } from './headers.js'
import type { Place, Places } from './places.js'
import type { ReceivedRequest } from './read.js'
import type { Signed } from './time.js'

/**
 * An event whose request was accepted. The body is parsed when somebody first asks for
 * what is in it.
 */
export interface VerifiedEvent {
  /**
   * The event's id; empty where the format doesn't send one. It is the same in every
   * attempt, so that a receiver can tell repetitions. Formats whose body is the data
   * alone (`github`, `shopify`) send it in a header that isn't signed.
   */
  readonly id: string
  /**
   * The event's type; empty where the format doesn't send one, or is a declared scheme.
   * Formats whose body is the data alone (`github`, `shopify`, `cloudevents-binary`) send
   * it in a header that isn't signed.
   */
  readonly type: string
  /**
   * What the event is about: its data, or the whole body where the format is a declared
   * scheme. Throws a SyntaxError if the body isn't JSON. Numbers become those of
   * JavaScript; who needs every digit reads text().
   */
  readonly data: unknown
  /** When the request was signed; undefined where the format doesn't say. */
  readonly timestamp: Date | undefined
  /** The index of the secret that signed. When it is no longer that of the old secret, a rotation is over for this receiver. */
  readonly secret: number
  /** The name of the scheme that fitted, where a format has several. */
  readonly scheme: string
  /** The body as it came. */
  readonly body: Uint8Array
  /** The body as text. */
  text(): string
  /** The whole body as JSON. Throws a SyntaxError if it isn't that. */
  json(): unknown
}

/** An event as verification makes it. Its type for others is the interface, of which two builds of this package have the same. */
export class ReceivedEvent implements VerifiedEvent {
  readonly timestamp: Date | undefined
  readonly secret: number
  readonly scheme: string
  readonly body: Uint8Array

  readonly #signedID: string
  readonly #headers: ReceivedHeaders
  readonly #places: Places
  #parsed: { value: unknown } | undefined

  constructor(request: ReceivedRequest, signed: Signed, scheme: string, places: Places) {
    this.timestamp = signed.signedAt === undefined ? undefined : new Date(signed.signedAt)
    this.secret = signed.secret
    this.scheme = scheme
    this.body = request.body
    this.#signedID = signed.id
    this.#headers = request.headers
    this.#places = places
  }

  get id(): string {
    return this.#signedID || this.#textAt(this.#places.id)
  }

  get type(): string {
    return this.#textAt(this.#places.type)
  }

  get data(): unknown {
    const member = this.#places.data?.member ?? ''
    return member === '' ? this.json() : memberOf(this.json(), member)
  }

  text(): string {
    return new TextDecoder().decode(this.body)
  }

  json(): unknown {
    this.#parsed ??= { value: JSON.parse(this.text()) }
    return this.#parsed.value
  }

  #textAt(place: Place | undefined): string {
    if (place?.header) {
      const values = this.#headers.all(place.header)
      return values.length === 1 ? (values[0] as string) : ''
    }
    if (!place?.member) return ''
    try {
      const value = memberOf(this.json(), place.member)
      return typeof value === 'string' ? value : ''
    } catch {
      return '' // the body isn't JSON, which data tells
    }
  }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}
