// Dictionaries of Structured Field Values (RFC 9651). Others may add members to those of a
// message signature, of any kind: each is read to its end, and what isn't needed is passed
// over.
import { decode } from './encoding.js'
import { maxEntries } from './headers.js'

/** The headers of RFC 9421 and RFC 9530. */
export const signatureInput = 'signature-input'
export const messageSignature = 'signature'
export const contentDigest = 'content-digest'

/** One entry of Signature-Input: what a signature covers. */
export interface MessageInput {
  label: string
  /** The entry's value as it stood there, which is signed. */
  written: string
  components: string[]
  parameters: Map<string, string>
  /** It covers something that no scheme can name, such as a component with parameters. */
  isForeign: boolean
}

type List = Pick<MessageInput, 'components' | 'parameters' | 'isForeign'>

/** A value (RFC 9651, section 3.3) that is no string: bytes, number, date, boolean, display string, token. */
const otherItem = /:[A-Za-z0-9+/=]*:|[@-]?[0-9.]+|\?[01]|%"[^"\x00-\x1f\x7f-\uffff]*"|[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*/y
const plainString = /"([^"\\]*)"/y
const escapedString = /"(?:[^"\\]|\\["\\])*"/y

/** Reads a header's value from the left. */
class Parser {
  constructor(public rest: string) {}

  skip(text: string): boolean {
    if (!this.rest.startsWith(text)) return false
    this.rest = this.rest.slice(text.length)
    return true
  }

  /** Takes what the expression, which is sticky, finds at this place. */
  take(expression: RegExp): string | undefined {
    expression.lastIndex = 0
    const found = expression.exec(this.rest)
    if (!found) return undefined
    this.rest = this.rest.slice(found[0].length)
    return found[1] ?? found[0]
  }

  name(): string {
    return this.take(/[a-z0-9_.*-]*/y) ?? ''
  }

  /**
   * A value: a string's text, and everything else as it is written. So is a string with
   * escapes: no name or value of ours has any.
   */
  item(): string | undefined {
    return this.take(plainString) ?? this.take(escapedString) ?? this.take(otherItem)
  }

  /** Reads `;name=value;name …`; no name may stand twice. */
  parameters(): Map<string, string> | undefined {
    const parameters = new Map<string, string>()
    while (this.skip(';')) {
      this.take(/ */y)
      const name = this.name()
      if (name === '' || parameters.has(name) || parameters.size >= maxEntries) return undefined
      const value = this.skip('=') ? this.item() : '?1'
      if (value === undefined) return undefined
      parameters.set(name, value)
    }
    return parameters
  }

  /**
   * Reads `("component";parameters …);parameters`. Components of which more is said than
   * their name are none that a scheme names.
   */
  list(): List | undefined {
    const components: string[] = []
    let isForeign = false
    this.skip('(')
    this.take(/ */y)
    while (!this.skip(')')) {
      const isName = this.rest.startsWith('"')
      const component = this.item()
      const parameters = this.parameters()
      if (component === undefined || !parameters || components.length >= maxEntries) return undefined
      if (!this.take(/ +/y) && !this.rest.startsWith(')')) return undefined
      isForeign ||= !isName || parameters.size > 0 || component.includes('\\')
      components.push(component)
    }
    const parameters = this.parameters()
    return parameters && { components, parameters, isForeign }
  }

  /** Goes on to the next member of a dictionary. */
  next(): 'done' | 'more' | 'bad' {
    this.take(/[ \t]*/y)
    if (this.rest === '') return 'done'
    const isGood = this.skip(',')
    this.take(/[ \t]*/y)
    return isGood && this.rest !== '' ? 'more' : 'bad'
  }
}

/** What stands behind a name: a list, a value as it is written, or neither. */
type Member = { list: List; written: string } | { item: string } | Record<string, never>

function memberAt(parser: Parser): Member | undefined {
  if (!parser.skip('=')) return parser.parameters() && {}
  const before = parser.rest
  const taken = () => before.slice(0, before.length - parser.rest.length)
  if (before.startsWith('(')) {
    const list = parser.list()
    return list && { list, written: taken() }
  }
  if (parser.item() === undefined) return undefined
  const item = taken()
  return parser.parameters() && { item }
}

/** Reads members until the end; undefined if one is bad, doubled, or there are too many. */
function dictionary(value: string): Map<string, Member> | undefined {
  const parser = new Parser(value)
  const members = new Map<string, Member>()
  for (let count = 0; count < maxEntries; count++) {
    const name = parser.name()
    const member = name === '' || members.has(name) ? undefined : memberAt(parser)
    if (member === undefined) return undefined
    members.set(name, member)
    const next = parser.next()
    if (next !== 'more') return next === 'done' ? members : undefined
  }
  return undefined
}

/** Reads `label=:base64:, …`; labels of anything else are left out. */
export function parseByteSequences(value: string): Map<string, Uint8Array> | undefined {
  const members = dictionary(value)
  if (!members) return undefined
  const sequences = new Map<string, Uint8Array>()
  for (const [label, member] of members) {
    const item = 'item' in member ? (member.item ?? '') : ''
    const raw = item.startsWith(':') ? decode('base64', item.slice(1, -1)) : undefined
    if (raw !== undefined) sequences.set(label, raw)
  }
  return sequences
}

/** Reads `label=("component" …);name=value, …`; labels of anything else are left out. */
export function parseInputs(value: string): MessageInput[] | undefined {
  const members = dictionary(value)
  if (!members) return undefined
  const inputs: MessageInput[] = []
  for (const [label, member] of members) {
    if ('list' in member && member.list) inputs.push({ label, written: member.written ?? '', ...member.list })
  }
  return inputs
}
