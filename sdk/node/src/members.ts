import { badScheme, quote } from './error.js'
import type { Claims, Scheme } from './scheme.js'

type Kind = 'text' | 'number' | 'boolean' | 'texts' | 'claims' | 'message' | 'schemes'
type Members<T> = Record<keyof T, Kind>

const ofClaims: Members<Claims> = { digest: 'text', hash: 'text', encoding: 'text', timestamp: 'text', expires: 'text', id: 'text' }
const ofMessage: Members<NonNullable<Scheme['message']>> = { components: 'texts' }
const ofScheme: Members<Scheme> = {
  name: 'text',
  algorithm: 'text',
  encoding: 'text',
  key: 'text',
  keyPrefix: 'text',
  ecdsa: 'text',
  content: 'text',
  header: 'text',
  separator: 'text',
  prefix: 'text',
  severalLines: 'boolean',
  timestampPrefix: 'text',
  timestampHeader: 'text',
  timestampUnit: 'text',
  idHeader: 'text',
  toleranceSeconds: 'number',
  claims: 'claims',
  message: 'message',
  alternatives: 'schemes',
}

/**
 * Refuses a declared scheme with a member that is unknown or of another kind: what isn't
 * understood might be what makes it safe, such as a misspelt tolerance. Throws bad_scheme.
 */
export function checkMembers(scheme: unknown): void {
  checkObject(scheme, ofScheme)
}

function checkObject(value: unknown, known: Readonly<Record<string, Kind>>): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badScheme('a scheme is the name of a format or an object, and so are its claims and its message')
  }
  for (const [name, member] of Object.entries(value)) {
    const kind = Object.hasOwn(known, name) ? known[name] : undefined
    if (kind === undefined) throw badScheme(`the member ${quote(name)} is unknown`)
    if (member !== undefined && member !== null && !isOf(kind, member)) throw badScheme(`the member ${name} has a value of another kind`)
  }
  return true
}

function isOf(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'texts':
      return Array.isArray(value) && value.every((one) => typeof one === 'string')
    case 'claims':
      return checkObject(value, ofClaims)
    case 'message':
      return checkObject(value, ofMessage)
    case 'schemes':
      return Array.isArray(value) && value.every((one) => checkObject(one, ofScheme))
  }
}
