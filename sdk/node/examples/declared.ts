import { type Scheme, verify } from 'posthorn'

// X-Acme-Time: 1777896000
// X-Acme-Signature: sha256=<hex of the HMAC over "1777896000|" and the body>
const acme: Scheme = {
  algorithm: 'hmac-sha256',
  encoding: 'hex',
  key: 'text',
  content: '{timestamp}|{body}',
  header: 'X-Acme-Signature',
  prefix: 'sha256=',
  timestampHeader: 'X-Acme-Time',
  toleranceSeconds: 300,
}

export async function handle(rawBody: string, headers: Record<string, string>): Promise<unknown> {
  const event = await verify(rawBody, headers, process.env.WEBHOOK_SECRET, acme)
  return event.data
}
