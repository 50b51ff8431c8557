import { contentDigest } from './structured.js'
import { badScheme } from './error.js'
import { digestName, headerPrefix, placeholdersOf } from './content.js'
import { isAsymmetric, type Scheme } from './scheme.js'
import { checkMembers } from './members.js'

/** Bounds what a request may cost. */
const maxAlternatives = 8

const written = ['hex', 'base64', 'base64url']
const keyed = ['hmac-sha1', 'hmac-sha256', 'hmac-sha512']

/** Finds what would make a declared scheme verify less than it seems to. Throws bad_scheme. */
export function check(scheme: Scheme): void {
  checkMembers(scheme)
  const alternatives = scheme.alternatives ?? []
  if (alternatives.length > maxAlternatives) throw badScheme('it has too many alternatives')
  for (const alternative of alternatives) {
    if (alternative.alternatives?.length) throw badScheme('an alternative has no alternatives of its own')
    checkOne(alternative)
  }
  checkOne(scheme)
  checkTimesAgree([scheme, ...alternatives])
}

/**
 * Refuses schemes of which some bound the time of a request and others don't. Whoever
 * keeps a request that is signed in both ways could take the signature over the time
 * away, and what is left would be accepted for ever. Throws bad_scheme.
 */
export function checkTimesAgree(schemes: readonly Scheme[]): void {
  const bounded = schemes.filter((s) => s.toleranceSeconds || (s.algorithm === 'jwt-hs256' && s.claims?.expires))
  if (bounded.length === 0 || bounded.length === schemes.length) return
  throw badScheme('of schemes side by side all tolerate a time, or none does: leave out those without a tolerance')
}

function checkOne(s: Scheme): void {
  const tolerance = s.toleranceSeconds ?? 0
  if (!(Number.isFinite(tolerance) && tolerance >= 0)) throw badScheme('a tolerance must be a number and not negative')
  if (s.message) return checkMessage(s)
  if (!s.header) throw badScheme('it names no header for the signature')
  if (s.algorithm === 'token') return checkToken(s)
  if (s.algorithm === 'jwt-hs256') return checkClaims(s)
  checkContent(s)
  checkEncodings(s)
}

function checkContent(s: Scheme): void {
  const { names, isClosed } = placeholdersOf(s.content ?? '')
  const isKnown = (name: string) =>
    ['id', 'timestamp', 'body', 'url'].includes(name) || digestName(name) !== undefined || (name.startsWith(headerPrefix) && name !== headerPrefix)
  const signsTime = names.includes('timestamp')
  const problems: [boolean, string][] = [
    [!isClosed || !names.every(isKnown), 'what is signed may have {id}, {timestamp}, {body}, {url}, {header.NAME} and digests only'],
    [!names.some((name) => name === 'body' || digestName(name) !== undefined), 'what is signed lacks {body}'],
    [names.includes('id') !== Boolean(s.idHeader), 'an id must be both signed and in a header, or neither'],
    [signsTime !== Boolean(s.timestampHeader || s.timestampPrefix), 'a timestamp must be both signed and in a header, or neither'],
    [!s.separator && Boolean(s.timestampPrefix), 'a timestamp beside the signature needs a separator'],
    [
      s.prefix ? s.prefix === s.timestampPrefix : Boolean(s.separator),
      'among several entries, those with a signature need a prefix of their own',
    ],
    [!['s', 'ms'].includes(s.timestampUnit || 's'), 'a timestamp counts s or ms'],
    [Boolean(s.toleranceSeconds) && !signsTime, 'a tolerance needs a timestamp'],
  ]
  for (const [isWrong, detail] of problems) if (isWrong) throw badScheme(detail)
}

function checkEncodings(s: Scheme): void {
  if (!written.includes(s.encoding ?? '')) throw badScheme('the encoding of the signature must be hex, base64 or base64url')
  if (isAsymmetric(s.algorithm)) {
    if (s.algorithm !== 'ed25519' && s.ecdsa !== 'der' && s.ecdsa !== 'raw') throw badScheme('an ECDSA signature is der or raw')
    return
  }
  if (!keyed.includes(s.algorithm)) throw badScheme('the algorithm is unknown')
  checkKey(s)
}

function checkKey(s: Scheme): void {
  if (!['text', ...written].includes(s.key ?? '')) throw badScheme('the key must be text, hex, base64 or base64url')
}

function checkToken(s: Scheme): void {
  const isWritten = s.encoding === 'text' || s.encoding === 'base64'
  if (s.content || s.toleranceSeconds || !isWritten || (s.separator && !s.prefix)) {
    throw badScheme('a token that is the secret itself is sent as text or base64 and signs nothing')
  }
}

function checkClaims(s: Scheme): void {
  if (!s.claims?.digest || !['sha256', 'sha512'].includes(s.claims.hash)) {
    throw badScheme('a token needs a claim with the sha256 or sha512 of the body')
  }
  if (!written.includes(s.claims.encoding)) throw badScheme('the digest of the body must be hex, base64 or base64url')
  if (s.toleranceSeconds && !s.claims.timestamp) throw badScheme('a tolerance needs a timestamp')
  checkKey(s)
}

function checkMessage(s: Scheme): void {
  if (!s.message?.components?.includes(contentDigest)) {
    throw badScheme('a message signature must cover content-digest, or it says nothing of the body')
  }
  const isNotRaw = s.algorithm === 'ecdsa-p256-sha256' && s.ecdsa !== 'raw'
  if ((s.algorithm !== 'hmac-sha256' && !isAsymmetric(s.algorithm)) || s.ecdsa === 'der' || isNotRaw) {
    throw badScheme('a message signature is made with hmac-sha256, ed25519 or ecdsa-p256-sha256 in the form raw')
  }
  if (s.algorithm === 'hmac-sha256') checkKey(s)
}
