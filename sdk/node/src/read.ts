import { type Claim, headerPrefix, placeholdersOf } from './content.js'
import { decode } from './encoding.js'
import { malformed, quote, VerificationError } from './error.js'
import { checked, isTimestamp, maxEntries, type ReceivedHeaders } from './headers.js'
import { signatureBytes } from './match.js'
import type { Scheme } from './scheme.js'

/** What arrived. */
export interface ReceivedRequest {
  headers: ReceivedHeaders
  body: Uint8Array
  /** The receiver's clock, in milliseconds since 1970. */
  now: number
  /** The receiver wants to know nothing of the request's time. */
  anyTime: boolean
  url: string
}

/** What the headers of a request say. */
export interface Received extends Claim {
  signatures: Uint8Array[]
}

/** Reads the headers of a request as the scheme says. Throws what is wrong with them. */
export function read(scheme: Scheme, request: ReceivedRequest): Received {
  const texts: string[] = []
  let timestamp = ''
  for (const value of lines(scheme, request.headers)) {
    const found = entries(scheme, value)
    if (timestamp !== '' && found.timestamp !== timestamp) throw malformed(scheme.header ?? '', 'its lines have different times')
    timestamp = found.timestamp
    texts.push(...found.signatures)
  }
  const signatures = decodeSignatures(scheme, texts)
  if (scheme.timestampHeader) timestamp = readTimestamp(scheme, scheme.timestampHeader, request.headers, timestamp)
  const headers = new Map<string, string>()
  for (const name of placeholdersOf(scheme.content ?? '').names) {
    if (name === 'url' && request.url === '') throw new VerificationError('missing_url')
    if (name.startsWith(headerPrefix)) headers.set(name, request.headers.single(name.slice(headerPrefix.length)))
  }
  return { signatures, timestamp, headers, url: request.url, id: readID(scheme, request.headers) }
}

/** The values of the header with the signatures. */
export function lines(scheme: Scheme, headers: ReceivedHeaders): readonly string[] {
  const name = scheme.header ?? ''
  if (!scheme.severalLines) {
    const mayHaveList = scheme.separator === ',' || scheme.algorithm === 'token'
    return [mayHaveList ? headers.single(name) : headers.singleWithoutList(name)]
  }
  const values = headers.all(name)
  if (values.length > maxEntries) throw malformed(name, 'it stands too often')
  if (values.length === 0) throw new VerificationError('missing_header', { header: name })
  const single = values.length === 1 && headers.mayBeJoined && !scheme.separator
  return (single ? (values[0] as string).split(', ', maxEntries) : values).map((value) => checked(name, value))
}

/** Takes apart the header with the signatures. */
export function entries(scheme: Scheme, value: string): { timestamp: string; signatures: string[] } {
  const { header = '', timestampPrefix = '', prefix = '' } = scheme
  const parts = scheme.separator ? value.split(scheme.separator, maxEntries + 1) : [value]
  if (parts.length > maxEntries) throw malformed(header, 'it has too many entries')
  let timestamp = ''
  const signatures: string[] = []
  for (const part of parts.map((entry) => entry.trim())) {
    if (timestampPrefix !== '' && part.startsWith(timestampPrefix)) {
      const text = part.slice(timestampPrefix.length)
      if (timestamp !== '' || !isTimestamp(text)) throw malformed(header, `it must have one time in ${unit(scheme)} after ${timestampPrefix}`)
      timestamp = text
    } else if (part.startsWith(prefix)) {
      signatures.push(part.slice(prefix.length))
    }
  }
  if (timestampPrefix !== '' && timestamp === '') throw malformed(header, `it has no time after ${timestampPrefix}`)
  return { timestamp, signatures }
}

/** Reads the signatures. One that can be read is enough: the others may be of a later version. */
function decodeSignatures(scheme: Scheme, texts: string[]): Uint8Array[] {
  const header = scheme.header ?? ''
  if (texts.length === 0) throw malformed(header, `nothing in it begins with ${quote(scheme.prefix ?? '')}`)
  const read = texts.map((text) => decode(scheme.encoding ?? '', text)).filter((raw) => raw !== undefined && raw.length > 0) as Uint8Array[]
  if (read.length === 0) throw malformed(header, `the signature is not ${scheme.encoding}`)
  const wanted = signatureBytes(scheme)
  const signatures = read.filter((raw) => wanted === undefined || raw.length === wanted)
  if (signatures.length === 0) throw malformed(header, `the signature has ${read.at(-1)?.length} bytes, one of ${scheme.algorithm} has ${wanted}`)
  return signatures
}

function readTimestamp(scheme: Scheme, header: string, headers: ReceivedHeaders, beside: string): string {
  const timestamp = headers.singleWithoutList(header)
  if (!isTimestamp(timestamp)) throw malformed(header, `${quote(timestamp)} is not a time in ${unit(scheme)}`)
  if (scheme.timestampPrefix && timestamp !== beside) throw malformed(header, `it differs from the time in ${scheme.header}`)
  return timestamp
}

function readID(scheme: Scheme, headers: ReceivedHeaders): string {
  if (!scheme.idHeader) return ''
  const id = headers.single(scheme.idHeader)
  // Else the end of the id could be moved within what is signed.
  if (id.includes('.')) throw malformed(scheme.idHeader, 'an id has no dots')
  return id
}

function unit(scheme: Scheme): string {
  return scheme.timestampUnit === 'ms' ? 'milliseconds' : 'seconds'
}
