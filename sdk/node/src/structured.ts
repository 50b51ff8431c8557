// The parts of Structured Field Values (RFC 9651) that message signatures need:
// dictionaries whose members are byte sequences, or lists of strings with parameters.
// What else a dictionary may hold is not read.
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
}

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

  /** A string in quotes, without escapes: no name or value of ours has any. */
  text(): string | undefined {
    return this.take(/"([^"\\]*)"/y)
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

/** Reads members until the end; undefined if one is bad, doubled, or there are too many. */
function dictionary<T>(value: string, readMember: (parser: Parser) => T | undefined): Map<string, T> | undefined {
  const parser = new Parser(value)
  const members = new Map<string, T>()
  for (let count = 0; count < maxEntries; count++) {
    const name = parser.name()
    if (name === '' || members.has(name) || !parser.skip('=')) return undefined
    const member = readMember(parser)
    if (member === undefined) return undefined
    members.set(name, member)
    const next = parser.next()
    if (next !== 'more') return next === 'done' ? members : undefined
  }
  return undefined
}

/** Reads `label=:base64:, …`; no label may stand twice. */
export function parseByteSequences(value: string): Map<string, Uint8Array> | undefined {
  return dictionary(value, (parser) => {
    const encoded = parser.take(/:([^:]*):/y)
    return encoded === undefined ? undefined : decode('base64', encoded)
  })
}

/** Reads `label=("component" …);name=value, …`; no label may stand twice. */
export function parseInputs(value: string): MessageInput[] | undefined {
  const members = dictionary(value, (parser) => {
    const before = parser.rest
    const input = parseInput(parser)
    return input && { ...input, written: before.slice(0, before.length - parser.rest.length) }
  })
  return members && Array.from(members, ([label, input]) => ({ label, ...input }))
}

function parseInput(parser: Parser): Pick<MessageInput, 'components' | 'parameters'> | undefined {
  const components: string[] = []
  if (!parser.skip('(')) return undefined
  while (!parser.skip(')')) {
    if (components.length > 0 && !parser.take(/ +/y)) return undefined
    const name = parser.text()
    if (name === undefined || components.length >= maxEntries) return undefined
    components.push(name)
  }
  const parameters = new Map<string, string>()
  while (parser.skip(';')) {
    const name = parser.name()
    if (name === '' || parameters.has(name) || !parser.skip('=')) return undefined
    const text = parser.text() ?? parser.take(/[0-9]+/y)
    if (text === undefined) return undefined
    parameters.set(name, text)
  }
  return { components, parameters }
}
