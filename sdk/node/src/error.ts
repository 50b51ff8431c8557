/**
 * The one precise reason why a request wasn't accepted. The first ten are those of
 * the Go package `signature`, with the same meaning:
 *
 * - `missing_header`: the request lacks a header that the format needs.
 * - `doubled_header`: a header that must stand once stands several times.
 * - `malformed_header`: a header is there and can't be read.
 * - `no_matching_signature`: no signature of the request was made with any of the
 *   secrets over this body. The secret is another one, or the body isn't the one
 *   that was sent: often it was decoded and encoded again.
 * - `timestamp_too_old`, `timestamp_too_new`: the signature is good, and was made
 *   too long ago or has expired, or was made too far in the future.
 * - `bad_secret`: the receiver has no secret, or one that can't be read.
 * - `missing_url`: the format signs the URL, and the receiver doesn't say which one.
 * - `unknown_format`: there is no built-in format of that name.
 * - `bad_scheme`: the declared scheme makes no sense.
 * - `body_not_raw`: the body was parsed, or read by somebody else, before it was
 *   verified.
 * - `body_too_large`: the body is longer than the receiver allows.
 */
export type Problem =
  | 'missing_header'
  | 'doubled_header'
  | 'malformed_header'
  | 'no_matching_signature'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'bad_secret'
  | 'missing_url'
  | 'unknown_format'
  | 'bad_scheme'
  | 'body_not_raw'
  | 'body_too_large'

/** What a VerificationError may say beside its code. */
export interface ProblemDetails {
  /** The header concerned, if it is one. */
  header?: string
  /** How long ago the request was signed, in seconds; below zero in the future. */
  ageSeconds?: number
  /** What was allowed, in seconds. */
  toleranceSeconds?: number
  /** Says more. */
  detail?: string
}

/**
 * Says why a request wasn't accepted. It never holds a secret, nor the signature
 * that would have been right.
 */
export class VerificationError extends Error {
  override readonly name = 'VerificationError'
  /** The one precise reason. */
  readonly code: Problem
  /** The header concerned; empty if it isn't one. */
  readonly header: string
  /** Set with timestamp_too_old and timestamp_too_new: see ProblemDetails. */
  readonly ageSeconds: number | undefined
  /** Set with timestamp_too_old and timestamp_too_new: see ProblemDetails. */
  readonly toleranceSeconds: number | undefined

  constructor(code: Problem, details: ProblemDetails = {}) {
    super(sentence(code, details))
    this.code = code
    this.header = details.header ?? ''
    this.ageSeconds = details.ageSeconds
    this.toleranceSeconds = details.toleranceSeconds
  }

  /**
   * The HTTP status to answer with: 400 to a request that can't be read, 401 to one
   * that can't be trusted, 413 to one that is too long, 500 where the receiver itself
   * is set up wrongly, so that the sender tries again once that is mended.
   */
  get status(): 400 | 401 | 413 | 500 {
    switch (this.code) {
      case 'missing_header':
      case 'doubled_header':
      case 'malformed_header':
        return 400
      case 'no_matching_signature':
      case 'timestamp_too_old':
      case 'timestamp_too_new':
        return 401
      case 'body_too_large':
        return 413
      default:
        return 500
    }
  }
}

function sentence(code: Problem, { header, ageSeconds = 0, toleranceSeconds = 0, detail = '' }: ProblemDetails): string {
  switch (code) {
    case 'missing_header':
      return `the header ${header} is missing`
    case 'doubled_header':
      return `the header ${header} stands more than once`
    case 'malformed_header':
      return `the header ${header} can't be read: ${detail}`
    case 'no_matching_signature':
      return `no signature in ${header} fits this body and secret`
    case 'timestamp_too_old':
      if (toleranceSeconds === 0) return `expired ${ageSeconds} s ago`
      return `signed ${ageSeconds} s ago, more than the ${toleranceSeconds} s allowed`
    case 'timestamp_too_new':
      if (toleranceSeconds === 0) return `not valid before ${-ageSeconds} s from now`
      return `signed ${-ageSeconds} s in the future, more than the ${toleranceSeconds} s allowed`
    case 'missing_url':
      return detail || 'the format signs the URL, which was not given: pass it as the option url'
    case 'bad_secret':
      return `the secret can't be used: ${detail}`
    default:
      return `${code}: ${detail}`
  }
}

/** Makes the error of a header that can't be read. */
export function malformed(header: string, detail: string): VerificationError {
  return new VerificationError('malformed_header', { header, detail })
}

/** Makes the error of a secret that can't be used; the detail shows nothing of it. */
export function badSecret(detail: string): VerificationError {
  return new VerificationError('bad_secret', { detail })
}

/** Makes the error of a scheme that makes no sense. */
export function badScheme(detail: string): VerificationError {
  return new VerificationError('bad_scheme', { detail })
}

/** Shows a text that somebody else chose, on one line and not for ever. */
export function quote(text: string): string {
  return JSON.stringify(text.slice(0, 64))
}
