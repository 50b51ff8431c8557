import { joined } from './bytes.js'
import { ask, type Hash, type Steps } from './crypto.js'
import { bytesOfHeader, bytesOfText, encode } from './encoding.js'

/** Begins the placeholders that stand for a header. */
export const headerPrefix = 'header.'

/** What a request says about itself beside its body, as the text that was received. */
export interface Claim {
  id: string
  timestamp: string
  url: string
  /** The headers that the content names, by the placeholder it uses. */
  headers: Map<string, string>
}

/** The names within braces, and whether all braces fit. */
export function placeholdersOf(content: string): { names: string[]; isClosed: boolean } {
  const names: string[] = []
  const rest = content.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    names.push(name)
    return ''
  })
  return { names, isClosed: !/[{}]/.test(rest) }
}

/** Takes `digest.sha256.hex` apart; undefined if it is no digest. */
export function digestName(name: string): { hash: Hash; encoding: string } | undefined {
  const parts = /^digest\.(sha256|sha512)(?:\.(hex|base64|base64url))?$/.exec(name)
  return parts ? { hash: parts[1] as Hash, encoding: parts[2] ?? 'base64' } : undefined
}

/**
 * Fills in the placeholders in one pass, so that a value which looks like a
 * placeholder stays what it is.
 */
export function* contentOf(content: string, claim: Claim, body: Uint8Array): Steps<Uint8Array> {
  const parts: Uint8Array[] = []
  for (const [at, part] of content.split(/\{([^{}]*)\}/).entries()) {
    const isLiteral = at % 2 === 0
    parts.push(isLiteral ? bytesOfText(part) : yield* valueOf(part, claim, body))
  }
  return joined(parts)
}

function* valueOf(name: string, claim: Claim, body: Uint8Array): Steps<Uint8Array> {
  const digest = digestName(name)
  if (digest) return bytesOfText(encode(digest.encoding, yield* ask((c) => c.digest(digest.hash, body))))
  switch (name) {
    case 'body':
      return body
    case 'id':
      return bytesOfHeader(claim.id)
    case 'timestamp':
      return bytesOfHeader(claim.timestamp)
    case 'url':
      return bytesOfText(claim.url)
    default:
      return bytesOfHeader(claim.headers.get(name) ?? '')
  }
}
