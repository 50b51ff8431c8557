import { badSecret } from './error.js'

const utf8 = new TextEncoder()

/** The bytes of a text in UTF-8. */
export function bytesOfText(text: string): Uint8Array {
  return utf8.encode(text)
}

/**
 * The bytes that a header's value came as. Servers hand each byte over as one
 * character; a value with other characters was made by hand and is UTF-8.
 */
export function bytesOfHeader(value: string): Uint8Array {
  for (let at = 0; at < value.length; at++) {
    if (value.charCodeAt(at) > 0xff) return utf8.encode(value)
  }
  return Uint8Array.from(value, (character) => character.charCodeAt(0))
}

/** Writes bytes as text. */
export function encode(encoding: string, raw: Uint8Array): string {
  if (encoding === 'hex') return Array.from(raw, (byte) => byte.toString(16).padStart(2, '0')).join('')
  let binary = ''
  for (const byte of raw) binary += String.fromCharCode(byte)
  if (encoding === 'base64') return btoa(binary)
  if (encoding === 'base64url') return btoa(binary).replaceAll('+', '-').replaceAll('/', '_')
  return binary
}

/**
 * Reads bytes written as text; undefined if it isn't that. Base64 (RFC 4648, sections
 * 4 and 5) must be padded, without line breaks or spare bits.
 */
export function decode(encoding: string, text: string): Uint8Array | undefined {
  switch (encoding) {
    case 'text':
      return utf8.encode(text)
    case 'hex':
      return decodeHex(text)
    case 'base64':
      return decodeBase64(text)
    case 'base64url':
      return /[+/]/.test(text) ? undefined : decodeBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
    default:
      return undefined
  }
}

/** Reads base64url without padding (RFC 7515, section 2); undefined if it isn't that. */
export function decodeUnpadded(text: string): Uint8Array | undefined {
  if (text.includes('=')) return undefined
  return decode('base64url', text.padEnd(Math.ceil(text.length / 4) * 4, '='))
}

function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16))
}

function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const binary = atob(text)
  if (btoa(binary) !== text) return undefined
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

/**
 * Makes the signing key out of a secret. A secret that begins with the prefix loses
 * it and is read in the encoding; where a prefix is expected and missing, the secret's
 * text is the key. Throws bad_secret.
 */
export function keyOf(secret: string, encoding: string, prefix: string): Uint8Array {
  if (secret === '') throw badSecret('it is empty')
  if (!secret.startsWith(prefix)) return utf8.encode(secret)
  const key = decode(encoding, secret.slice(prefix.length))
  if (key === undefined || key.length === 0) throw badSecret(`it is not ${encoding}`)
  return key
}
