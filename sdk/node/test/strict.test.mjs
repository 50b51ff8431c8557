import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'

import { ways } from './builds.mjs'
import { body, mac, now, secret, standard } from './signed.mjs'
import { requestOf, schemes, vectorOf } from './vectors.mjs'

const base64url = (value) => Buffer.from(value).toString('base64url')

// A JSON Web Token that vouches for the body, signed with the secret.
function token({ header = { alg: 'HS256' }, ...claims } = {}) {
  const payload = { iat: now(), exp: now() + 60, body: createHash('sha256').update(body).digest('hex'), ...claims }
  const written = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(payload))}`
  return `${written}.${mac(written, 'base64url')}`
}

const tokens = {
  algorithm: 'jwt-hs256', key: 'text', header: 'Authorization', prefix: 'Bearer ', toleranceSeconds: 300,
  claims: { digest: 'body', hash: 'sha256', encoding: 'hex', timestamp: 'iat', expires: 'exp', id: 'jti' },
}

for (const { name, verify } of ways) {
  const refuses = (code, headers, given = body, secrets = secret, format = 'standard', options = {}) =>
    assert.rejects(verify(given, headers, secrets, format, options), (error) => {
      assert.equal(error.code, code, error.stack)
      return true
    })

  // Invariant: a public key is known to everybody, so its text is never a shared secret.
  test(`${name}: public keys are no shared secrets`, async () => {
    const key = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='
    for (const known of [`MCowBQYDK2VwAyEA${key}`, `whpk_${key}`]) {
      const timestamp = String(now())
      const forged = createHmac('sha256', known).update(`evt_1.${timestamp}.`).update(body).digest('base64')
      const headers = { 'webhook-id': 'evt_1', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${forged}` }
      for (const secrets of [[known], [secret, known]]) await assert.rejects(verify(body, headers, secrets, 'standard'), { name: 'VerificationError' })
    }
  })

  // Invariant: every byte of a signature counts, and so does its length.
  test(`${name}: changed signatures`, async () => {
    const good = mac(body, 'hex')
    await verify(body, { 'X-Signature': good }, secret, 'signature')
    for (let at = 0; at < good.length; at++) {
      const digit = (Number.parseInt(good[at], 16) ^ 1).toString(16)
      await refuses('no_matching_signature', { 'X-Signature': good.slice(0, at) + digit + good.slice(at + 1) }, body, secret, 'signature')
    }
    for (const changed of [good.slice(0, 2), good.slice(2), good.slice(0, -2), `${good}00`]) {
      await refuses('malformed_header', { 'X-Signature': changed }, body, secret, 'signature')
    }
  })

  // Invariant: base64 has one way to write a signature, with padding and without spare
  // bits; in base64url both of its own characters are read.
  test(`${name}: encodings`, async () => {
    const headers = standard()
    const good = headers['webhook-signature']
    const spare = good.replace(/.=$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`)
    for (const changed of [spare, good.slice(0, -1), `${good}=`]) await refuses('malformed_header', { ...headers, 'webhook-signature': changed })
    const scheme = { ...schemes.signature, encoding: 'base64url' }
    for (let count = 0; count < 20; count++) {
      const given = `${body}${count}`
      const padded = mac(given, 'base64').replaceAll('+', '-').replaceAll('/', '_')
      await verify(given, { 'X-Signature': padded }, secret, scheme)
    }
    const digest = { ...schemes.signature, content: '{digest.sha512.base64url}' }
    const content = createHash('sha512').update(body).digest('base64').replaceAll('+', '-').replaceAll('/', '_')
    await verify(body, { 'X-Signature': mac(content, 'hex') }, secret, digest)
  })

  // Invariant: what is signed can't be divided in another way, and two timestamps don't
  // leave it open which one was meant.
  test(`${name}: ids and timestamps`, async () => {
    await refuses('malformed_header', standard({ id: 'evt.1' }))
    for (const at of ['+1777896000', '1777896000.0', '2026-05-04T12:00:00Z', '9'.repeat(16)]) await refuses('malformed_header', standard({ at }))
    const at = now()
    const signature = mac(`${at}:${body}`, 'hex')
    const ascend = { 'X-Ascend-Request-Timestamp': String(at), 'X-Ascend-Signature': `t=${at},v1=${signature}` }
    await verify(body, ascend, secret, 'ascend')
    const changes = [
      { 'X-Ascend-Request-Timestamp': String(at + 1) },
      { 'X-Ascend-Signature': `t=${at + 1},v1=${signature}` },
      { 'X-Ascend-Signature': `t=${at},t=${at},v1=${signature}` },
      { 'X-Ascend-Signature': `v1=${signature}` },
    ]
    for (const change of changes) await refuses('malformed_header', { ...ascend, ...change }, body, secret, 'ascend')
  })

  // Invariant: a token is only what this receiver understands whole, with real times.
  test(`${name}: tokens`, async () => {
    const sent = (given) => ({ authorization: `Bearer ${token(given)}` })
    assert.equal((await verify(body, sent({ jti: 'evt_1' }), secret, tokens)).id, 'evt_1')
    const bad = [{ header: { alg: 'HS256', crit: ['x'] } }, { header: { alg: 'none' } }, { header: [] }, { iat: '5' }, { iat: -1 }, { iat: 2 ** 41 }, { exp: null }, { exp: 2 ** 41 }]
    for (const given of bad) await refuses('malformed_header', sent(given), body, secret, tokens)
    await refuses('timestamp_too_old', sent({ exp: now() - 1 }), body, secret, tokens)
    await refuses('no_matching_signature', sent({ body: ['x'] }), body, secret, tokens)
    await refuses('malformed_header', { authorization: `Bearer ${token()}=` }, body, secret, tokens)
  })

  // Invariant: an id that the message signature doesn't cover isn't told as the event's.
  test(`${name}: message signatures`, async () => {
    const { headers, secrets, options } = requestOf(vectorOf('httpsig: accepted'))
    const signed = (listed, base) => [
      ...headers.filter(([header]) => !header.startsWith('Signature')),
      ['Signature-Input', `s=${listed}`],
      ['Signature', `s=:${mac(`${base}"@signature-params": ${listed}`, 'base64', secrets[0])}:`],
    ]
    const given = vectorOf('httpsig: accepted').body
    const digest = `"content-digest": ${headers.find(([header]) => header === 'Content-Digest')[1]}\n`
    const scheme = { ...schemes.httpsig, alternatives: [], message: { components: ['content-digest'] } }
    const created = Math.floor(options.now / 1000)
    const event = await verify(given, signed(`("content-digest");created=${created}`, digest), secrets, scheme, options)
    assert.equal(event.id, '')
    await refuses('malformed_header', signed(`("content-digest");created=${created};created=${created}`, digest), given, secrets, scheme, options)
    await refuses('malformed_header', signed('("content-digest")', digest), given, secrets, scheme, options)

    const parts = { '@authority': 'example.com', '@scheme': 'https', '@path': '/hooks', '@query': '?tenant=7', '@request-target': '/hooks?tenant=7', '@target-uri': 'https://User@Example.com:443/hooks?tenant=7' }
    for (const [part, value] of Object.entries(parts)) {
      const request = signed(`("content-digest" "${part}");created=${created}`, `${digest}"${part}": ${value}\n`)
      await verify(given, request, secrets, scheme, { ...options, url: 'HTTPS://User@Example.com:443/hooks?tenant=7#here' })
    }
  })

  // Invariant: of several reasons the one is told that came closest to accepting.
  test(`${name}: the reason that is told`, async () => {
    const publicKey = vectorOf('published: Standard Webhooks, v1a').publicKeys[0]
    for (const secrets of [[secret, publicKey], [publicKey, secret]]) {
      await refuses('timestamp_too_old', standard({ at: 1_777_896_000 }), body, secrets)
      await refuses('no_matching_signature', standard(), `${body} `, secrets)
    }
    const first = { ...schemes.signature, header: 'X-Other', alternatives: [schemes.signature, { ...schemes.signature, header: 'X-Third' }] }
    await refuses('no_matching_signature', { 'X-Signature': '00'.repeat(32) }, body, secret, first)
    const three = { ...schemes.signature, alternatives: [{ ...schemes.signature, header: 'X-Other' }] }
    await refuses('no_matching_signature', { 'X-Signature': '00'.repeat(32) }, body, secret, three)
  })

  // Invariant: a tolerance that is asked for makes no mixture of schemes, of which one
  // would accept what the other refuses; and only who looks at records sees what expired.
  test(`${name}: tolerances that are asked for`, async () => {
    const plain = { ...schemes.signature, header: 'X-Plain' }
    const untimed = { algorithm: 'token', encoding: 'text', header: 'X-Token', timestampHeader: 'X-Time' }
    const at = String(now())
    const headers = { 'X-Time': at, 'X-Timed': mac(`${at}.${body}`, 'hex') }
    for (const other of [plain, untimed]) {
      const mixed = { ...plain, content: '{timestamp}.{body}', header: 'X-Timed', timestampHeader: 'X-Time', alternatives: [other] }
      await verify(body, headers, secret, mixed)
      await verify(body, headers, secret, mixed, { anyTimestamp: true })
      for (const toleranceSeconds of [0, 60]) await refuses('bad_scheme', headers, body, secret, mixed, { toleranceSeconds })
      await refuses('bad_scheme', headers, body, secret, { ...mixed, toleranceSeconds: 60 }, { anyTimestamp: true })
    }
    const expired = { authorization: `Bearer ${token({ exp: now() - 60 })}` }
    await verify(body, expired, secret, tokens, { anyTimestamp: true })
    await assert.rejects(verify(body, expired, secret, tokens, { toleranceSeconds: 3600 }), { code: 'timestamp_too_old', toleranceSeconds: 0, message: /^expired 6\d/ })
  })

  // Invariant: a key of the one algorithm isn't taken for the other's.
  test(`${name}: keys of another algorithm`, async () => {
    const point = vectorOf('declared: ECDSA over P-256, der').publicKeys[0]
    await refuses('bad_secret', standard(), body, point, schemes.standard.alternatives[0])
    const { body: given, headers, format, options } = requestOf(vectorOf('declared: ECDSA over P-256, raw'))
    await refuses('bad_secret', headers, given, vectorOf('published: Standard Webhooks, v1a').publicKeys, format, options)
  })
}
