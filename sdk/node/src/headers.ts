import { malformed, VerificationError } from './error.js'

/** Bounds of what is read out of a request that nobody has vouched for yet. */
export const maxEntries = 32
const maxHeaderValue = 8 << 10
const maxTimestampDigits = 15

/**
 * Headers as servers hand them over: those of Fetch, the object of Node, pairs of name
 * and value, or Node's flat `rawHeaders`. Upper and lower case don't matter in names.
 */
export type HeadersInput =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | readonly string[]

/** The headers of a request. */
export class ReceivedHeaders {
  readonly #values = new Map<string, string[]>()
  /**
   * The source may have joined a header that stood several times with commas, as Fetch
   * and the object of Node do.
   */
  readonly mayBeJoined: boolean

  constructor(input: HeadersInput) {
    this.mayBeJoined = !Array.isArray(input)
    for (const [name, value] of pairsOf(input)) {
      const key = String(name).toLowerCase()
      const values = this.#values.get(key)
      if (values) values.push(String(value))
      else this.#values.set(key, [String(value)])
    }
  }

  /** All values of a header. */
  all(name: string): readonly string[] {
    return this.#values.get(name.toLowerCase()) ?? []
  }

  /** The value of a header that must stand exactly once. Throws what is wrong with it. */
  single(name: string): string {
    const values = this.all(name)
    if (values.length === 0) throw new VerificationError('missing_header', { header: name })
    if (values.length > 1) throw new VerificationError('doubled_header', { header: name })
    return checked(name, values[0] as string)
  }

  /** The value of a header whose members may stand in several lines: a proxy may have added one (RFC 9651, section 3.2). */
  joined(name: string): string {
    const values = this.all(name)
    if (values.length === 0) throw new VerificationError('missing_header', { header: name })
    return checked(name, values.join(', '))
  }

  /** As single, for a header in whose value no comma is followed by a space. */
  singleWithoutList(name: string): string {
    const value = this.single(name)
    if (this.mayBeJoined && value.includes(', ')) throw new VerificationError('doubled_header', { header: name })
    return value
  }
}

function* pairsOf(input: HeadersInput): Iterable<readonly [string, string]> {
  if (input === null || typeof input !== 'object') return
  if (Array.isArray(input) && typeof input[0] === 'string') {
    for (let at = 0; at + 1 < input.length; at += 2) yield [input[at] as string, input[at + 1] as string]
    return
  }
  if (Symbol.iterator in input) {
    yield* input as Iterable<readonly [string, string]>
    return
  }
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value as string]) yield [name, one]
  }
}

/** A value that is neither empty nor too long. Throws malformed_header. */
export function checked(name: string, value: string): string {
  if (value === '') throw malformed(name, 'it is empty')
  if (value.length > maxHeaderValue) throw malformed(name, 'it is too long')
  return value
}

/** Whether a text is a count of seconds or milliseconds. */
export function isTimestamp(text: string): boolean {
  return text.length <= maxTimestampDigits && /^[0-9]+$/.test(text)
}
