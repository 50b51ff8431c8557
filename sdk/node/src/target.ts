import { malformed, quote, VerificationError } from './error.js'
import { signatureInput } from './structured.js'

const ports: Record<string, string> = { http: ':80', https: ':443' }

/**
 * A component that is derived from the request (RFC 9421, section 2.2). Webhooks are
 * sent with POST. The URL is taken as it is written: what is signed is what the sender
 * knows, not what a parser of this runtime would make of it.
 */
export function derived(name: string, url: string): string {
  if (name === '@method') return 'POST'
  if (url === '') throw new VerificationError('missing_url')
  const [target = ''] = url.split('#', 1) // nobody sends what follows
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?\s]+)((?:[^?%]|%[0-9A-Fa-f]{2})*)(\?.*)?$/s.exec(target)
  if (!parts || /[\x00-\x1f\x7f]/.test(target)) throw new VerificationError('missing_url', { detail: 'the URL can\'t be read: it must be a whole one, "https://…"' })
  const [, writtenScheme = '', authority = '', writtenPath = '', query = ''] = parts
  const scheme = writtenScheme.toLowerCase()
  const path = (writtenPath || '/').replace(/[^\w.~!$&'()*+,;=:@[\]%/-]/gu, encodeURIComponent)
  switch (name) {
    case '@target-uri':
      return `${scheme}://${authority}${path}${query}`
    case '@authority':
      return withoutPort(scheme, authority.slice(authority.lastIndexOf('@') + 1).toLowerCase())
    case '@scheme':
      return scheme
    case '@path':
      return path
    case '@query':
      return query || '?'
    case '@request-target':
      return path + query
    default:
      throw malformed(signatureInput, `the component ${quote(name)} is unknown`)
  }
}

function withoutPort(scheme: string, host: string): string {
  const port = ports[scheme]
  return port !== undefined && host.endsWith(port) ? host.slice(0, -port.length) : host
}
