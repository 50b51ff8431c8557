// Signs requests with nothing of the library, as a sender would now.
import { createHmac } from 'node:crypto'

export const secret = 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2'
export const body = '{"type":"user.created","timestamp":"2026-05-04T11:59:58Z","data":{"userId": "usr_1",  "n":1.10}}'

export const now = () => Math.floor(Date.now() / 1000)

export const mac = (content, encoding, key = secret) => createHmac('sha256', key).update(content).digest(encoding)

/** The headers of a request in the format standard. */
export function standard({ id = 'evt_1', at = now(), of = body } = {}) {
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': `v1,${mac(`${id}.${at}.${of}`, 'base64')}`,
  }
}
