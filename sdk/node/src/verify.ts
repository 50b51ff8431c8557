import { bytesOfBody, type RawBody } from './body.js'
import { check, checkTimesAgree } from './check.js'
import { contentOf } from './content.js'
import type { Steps } from './crypto.js'
import { badScheme, badSecret, quote, VerificationError } from './error.js'
import { ReceivedEvent, type VerifiedEvent } from './event.js'
import { type HeadersInput, ReceivedHeaders } from './headers.js'
import { type Key, keysOf, kindsOf } from './key.js'
import { matching, mustMatch } from './match.js'
import { verifyMessage } from './message.js'
import type { Places } from './places.js'
import { read, type ReceivedRequest } from './read.js'
import { type Scheme, signsTime } from './scheme.js'
import { builtInPlaces, builtInSchemes } from './schemes.js'
import { checkAge, momentOf, type Signed } from './time.js'
import { verifyClaims, verifyToken } from './token.js'

/**
 * What a receiver holds: one secret, or several while one is being rotated. Where a
 * format signs with a private key, the public key (`whpk_…`, PEM, a JSON Web Key)
 * stands in the place of a secret. What is written as a public key is never taken for a
 * shared secret; the bare bytes of one, which can't be told from a secret, are a public
 * key only where the format takes nothing else. `undefined`, as an unset environment variable
 * gives, is refused with bad_secret.
 */
export type Secrets = string | readonly string[] | undefined

/** The name of a built-in format, or a declared scheme. */
export type Format = string | Scheme

/** Changes how a request is verified. */
export interface Options {
  /** Accepts timestamps up to this many seconds from the clock, in both directions, instead of the format's (300). */
  toleranceSeconds?: number
  /** Accepts every timestamp, and what has expired, for looking at recorded requests. A receiver that uses it accepts a request again for ever. */
  anyTimestamp?: boolean
  /** The URL that the request was sent to, as the sender knows it, for formats that sign it (`httpsig`). */
  url?: string
  /** The receiver's clock, which is the machine's if it isn't given. */
  now?: Date
}

/** The names of the built-in formats, sorted. */
export function formats(): string[] {
  return Object.keys(builtInSchemes).sort()
}

/** All of the verification but the cryptography. */
export function* steps(body: RawBody, headers: HeadersInput, secrets: Secrets, format: Format, options: Options): Steps<VerifiedEvent> {
  const scheme = schemeOf(format)
  check(scheme)
  const now = (options.now ?? new Date()).getTime()
  if (!Number.isFinite(now)) throw new TypeError('the option now is not a date')
  const anyTime = options.anyTimestamp ?? false
  const request: ReceivedRequest = { headers: new ReceivedHeaders(headers), body: bytesOfBody(body), now, anyTime, url: options.url ?? '' }
  const held = secretsOf(secrets)
  const candidates = [scheme, ...(scheme.alternatives ?? [])].map((candidate) => tolerating(candidate, options))
  if (!anyTime) checkTimesAgree(candidates)
  const takes = kindsOf(candidates)
  let failure: VerificationError | undefined
  for (const candidate of candidates) {
    try {
      const keys = yield* keysOf(candidate, held, takes)
      if (keys.length === 0) continue // there are secrets, for alternatives of this scheme
      const signed = yield* verifyOne(candidate, keys, request)
      return new ReceivedEvent(request, signed, candidate.name ?? '', placesOf(format))
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error
      // The signature is good: a further scheme must not save what is too old.
      if (error.code === 'timestamp_too_old' || error.code === 'timestamp_too_new') throw error
      // Of several reasons the last one is told, and a header that is there says more than one that isn't.
      const isThere = failure?.code === 'missing_header' && error.code === 'malformed_header'
      if (failure === undefined || error.code === 'no_matching_signature' || isThere) failure = error
    }
  }
  throw failure ?? badSecret('none of them is of a kind that the format uses')
}

function schemeOf(format: Format): Scheme {
  if (typeof format !== 'string') return format
  const scheme = Object.hasOwn(builtInSchemes, format) ? builtInSchemes[format] : undefined
  if (!scheme) throw new VerificationError('unknown_format', { detail: `${quote(format)} is not built in` })
  return scheme
}

function placesOf(format: Format): Places {
  return (typeof format === 'string' && builtInPlaces[format]) || {}
}

function secretsOf(secrets: Secrets): readonly string[] {
  const list = Array.isArray(secrets) ? (secrets as readonly string[]) : secrets === undefined || secrets === null ? [] : [secrets as string]
  for (const secret of list) {
    if (typeof secret !== 'string') throw badSecret('one of them is not a string; is the environment variable set?')
  }
  return list
}

function tolerating(scheme: Scheme, { toleranceSeconds, anyTimestamp }: Options): Scheme {
  if (toleranceSeconds !== undefined && !(Number.isFinite(toleranceSeconds) && toleranceSeconds >= 0)) {
    throw badScheme('the option toleranceSeconds must be a number and not negative')
  }
  if (!signsTime(scheme)) return scheme
  if (anyTimestamp) return { ...scheme, toleranceSeconds: 0 }
  // Zero in a scheme would accept any; a millisecond is the clock's smallest step.
  return toleranceSeconds === undefined ? scheme : { ...scheme, toleranceSeconds: Math.max(toleranceSeconds, 0.0001) }
}

function* verifyOne(scheme: Scheme, keys: Key[], request: ReceivedRequest): Steps<Signed> {
  if (scheme.message) return yield* verifyMessage(scheme, keys, request)
  if (scheme.algorithm === 'token') return yield* verifyToken(scheme, keys, request)
  if (scheme.algorithm === 'jwt-hs256') return yield* verifyClaims(scheme, keys, request)
  const received = read(scheme, request)
  const content = yield* contentOf(scheme.content ?? '', received, request.body)
  const secret = yield* matching(scheme, keys, content, received.signatures)
  mustMatch(secret, scheme.header ?? '')
  if (received.timestamp === '') return { secret, id: received.id, signedAt: undefined }
  // The time is looked at last, so that a wrong clock is told only of requests that
  // are otherwise good.
  const signedAt = momentOf(scheme, received.timestamp)
  checkAge(scheme, scheme.timestampHeader || scheme.header || '', signedAt, request.now)
  return { secret, id: received.id, signedAt }
}
