import { VerificationError } from './error.js'
import type { Scheme } from './scheme.js'

/** What a scheme found out about a good request. */
export interface Signed {
  /** The index of the secret that signed. */
  secret: number
  /** The event's id; empty where the scheme doesn't sign one. */
  id: string
  /** When it was signed, in milliseconds since 1970. */
  signedAt: number | undefined
}

/** Throws if the moment of signing is too far from now; both in milliseconds. */
export function checkAge(scheme: Scheme, header: string, signedAt: number, now: number): void {
  const toleranceSeconds = scheme.toleranceSeconds ?? 0
  const ageSeconds = (now - signedAt) / 1000
  if (toleranceSeconds === 0 || Math.abs(ageSeconds) <= toleranceSeconds) return
  const code = ageSeconds > 0 ? 'timestamp_too_old' : 'timestamp_too_new'
  throw new VerificationError(code, { header, ageSeconds, toleranceSeconds })
}

/**
 * Throws if what says itself until when it is good is void by now. It has no tolerance:
 * the sender has chosen the moment (RFC 7519, section 4.1.4).
 */
export function checkExpiry(header: string, expires: number, { now, anyTime }: { now: number; anyTime: boolean }): void {
  if (anyTime || now < expires) return
  throw new VerificationError('timestamp_too_old', { header, ageSeconds: (now - expires) / 1000, toleranceSeconds: 0 })
}

/** The moment that a timestamp of the scheme means, in milliseconds since 1970. */
export function momentOf(scheme: Scheme, timestamp: string): number {
  return scheme.timestampUnit === 'ms' ? Number(timestamp) : Number(timestamp) * 1000
}
