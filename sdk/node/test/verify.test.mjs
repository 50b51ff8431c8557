import assert from 'node:assert/strict'
import { test } from 'node:test'

import { builds, ways } from './builds.mjs'
import { body, mac, now, secret, standard } from './signed.mjs'
import { requestOf, schemes, vectorOf } from './vectors.mjs'

const refused = (code, header) => (error) => {
  assert.equal(error.name, 'VerificationError', String(error.stack))
  assert.equal(error.code, code, error.message)
  if (header !== undefined) assert.equal(error.header, header)
  return true
}

for (const { name, build, verify } of ways) {
  // What isn't given is good; undefined counts as given.
  const accepted = (given, ...rest) => verify(given, ...rest, ...[standard(), secret, 'standard'].slice(rest.length))

  // Invariant: a body is accepted as the bytes that came, in every form that holds them,
  // and in no other.
  test(`${name}: raw bodies`, async () => {
    const bytes = Buffer.from(body)
    const inTheMiddle = new Uint8Array([0, ...bytes, 0]).subarray(1, bytes.length + 1)
    for (const given of [body, bytes, Uint8Array.from(bytes), Uint8Array.from(bytes).buffer, inTheMiddle]) {
      assert.deepEqual((await accepted(given)).data, { userId: 'usr_1', n: 1.1 })
    }
    for (const given of [JSON.parse(body), [], 7, undefined, null]) await assert.rejects(accepted(given), refused('body_not_raw'))
    await assert.rejects(accepted(JSON.parse(body)), /express\.raw/)
    await assert.rejects(accepted(JSON.stringify(JSON.parse(body))), refused('no_matching_signature', 'webhook-signature'))
  })

  // Invariant: every single byte of the body counts.
  test(`${name}: one byte changed`, async () => {
    const headers = standard()
    for (let at = 0; at < body.length; at++) {
      const changed = Buffer.from(body)
      changed[at] ^= 1
      await assert.rejects(accepted(changed, headers), refused('no_matching_signature'))
    }
  })

  // Invariant: headers are read in all the forms that servers hand over.
  test(`${name}: forms of headers`, async () => {
    const headers = standard()
    const pairs = Object.entries(headers)
    for (const form of [headers, pairs, pairs.flat(), new Map(pairs), new Headers(headers)]) {
      assert.equal((await accepted(body, form)).id, 'evt_1')
    }
    for (const form of [{}, [], new Headers(), undefined, null]) await assert.rejects(accepted(body, form), refused('missing_header', 'webhook-signature'))
  })

  // Invariant: a header that stood twice is refused even where the runtime has joined it.
  test(`${name}: joined headers`, async () => {
    for (const doubled of ['webhook-signature', 'webhook-timestamp']) {
      const headers = new Headers(standard())
      headers.append(doubled, headers.get(doubled))
      await assert.rejects(accepted(body, headers), refused('doubled_header', doubled))
    }
    const headers = new Headers(standard())
    headers.append('webhook-id', 'evt_1')
    await assert.rejects(accepted(body, headers), refused('no_matching_signature'))
  })

  // Invariant: without a usable secret nothing is accepted, and the error shows none.
  test(`${name}: secrets`, async () => {
    for (const secrets of [undefined, null, '', [], [''], [undefined], [secret, undefined], 7, 'whsec_', 'whsec_not*base64']) {
      await assert.rejects(accepted(body, standard(), secrets), (error) => refused('bad_secret')(error) && !error.message.includes('not*base64'))
    }
    const event = await accepted(body, standard(), ['another', secret])
    assert.equal(event.secret, 1)
  })

  // Invariant: the tolerance holds to the second, in both directions, and only asking
  // for any timestamp turns it off.
  test(`${name}: tolerance`, async () => {
    const at = now()
    const after = (seconds, options) => accepted(body, standard({ at }), secret, 'standard', { now: new Date((at + seconds) * 1000), ...options })
    for (const seconds of [300, -300]) assert.equal((await after(seconds)).timestamp.getTime(), at * 1000)
    await assert.rejects(after(301), (error) => refused('timestamp_too_old')(error) && error.ageSeconds === 301 && error.toleranceSeconds === 300)
    await assert.rejects(after(-301), (error) => refused('timestamp_too_new')(error) && error.ageSeconds === -301)
    await after(3600, { toleranceSeconds: 3600 })
    await assert.rejects(after(3601, { toleranceSeconds: 3600 }), refused('timestamp_too_old'))
    await after(0, { toleranceSeconds: 0 })
    await assert.rejects(after(1, { toleranceSeconds: 0 }), refused('timestamp_too_old'))
    await after(1e9, { anyTimestamp: true })
    for (const toleranceSeconds of [NaN, Infinity, -1, '5']) await assert.rejects(after(0, { toleranceSeconds }), refused('bad_scheme'))
    await assert.rejects(after(NaN), TypeError)
  })

  // Invariant: whoever has no format of that name, or a scheme that would verify less
  // than it seems to, is told so before anything is accepted.
  test(`${name}: formats and schemes`, async () => {
    for (const format of ['nobody', '', 'toString', '__proto__']) await assert.rejects(accepted(body, standard(), secret, format), refused('unknown_format'))
    const changes = {
      'no header': { header: '' },
      "the body isn't signed": { content: '{id}.{timestamp}' },
      'an unknown placeholder': { content: '{id}.{timestamp}.{body}{secret}' },
      'an open brace': { content: '{id}.{timestamp}.{body}{' },
      "the id isn't signed": { content: '{timestamp}.{body}' },
      'the id is nowhere': { idHeader: '' },
      "the timestamp isn't signed": { content: '{id}.{body}' },
      'the timestamp is nowhere': { timestampHeader: '' },
      'no prefix among several': { prefix: '' },
      'one prefix for two things': { timestampPrefix: 'v1,' },
      'no separator': { separator: '', timestampPrefix: 't=' },
      'a negative tolerance': { toleranceSeconds: -1 },
      'a tolerance that is no number': { toleranceSeconds: NaN },
      'an unknown algorithm': { algorithm: 'md5' },
      'a signature as text': { encoding: 'text' },
      'an unknown encoding': { encoding: 'base32' },
      'an unknown key': { key: 'base32' },
      'alternatives of alternatives': { alternatives: [{ ...schemes.standard.alternatives[0], alternatives: [schemes.github] }] },
    }
    for (const [what, change] of Object.entries(changes)) {
      await assert.rejects(accepted(body, standard(), secret, { ...schemes.standard, ...change }), refused('bad_scheme'), what)
    }
    const unsaid = { ...schemes.httpsig, algorithm: 'ecdsa-p256-sha256', ecdsa: '', alternatives: [] }
    await assert.rejects(accepted(body, standard(), secret, unsaid), refused('bad_scheme'), 'a message signature whose form is not said')
    for (const scheme of [undefined, null, 7]) await assert.rejects(accepted(body, standard(), secret, scheme), refused('bad_scheme'))
  })

  // Invariant: signatures of later versions, other orders and spare spaces don't get in
  // the way, and there is a bound on them.
  test(`${name}: entries`, async () => {
    const pairs = (signature) => Object.entries({ ...standard(), 'webhook-signature': signature })
    const good = standard()['webhook-signature']
    await accepted(body, pairs(`v1a,AAAA  v1,BBBB ${good} v2,x`))
    await assert.rejects(accepted(body, pairs('v1,AAAA')), /the signature has 3 bytes, one of hmac-sha256 has 32/)
    await assert.rejects(accepted(body, pairs(`${'v1,AAAA '.repeat(100)}${good}`)), refused('malformed_header'))
    await assert.rejects(accepted(body, pairs(`v1,${'A'.repeat(1 << 20)}`)), refused('malformed_header'))
    await assert.rejects(accepted(body, pairs(good.slice(0, -1))), refused('malformed_header'))
  })

  // Invariant: a point that isn't on the curve is no key.
  test(`${name}: bad public keys`, async () => {
    const { body: given, headers, format, options } = requestOf(vectorOf('declared: ECDSA over P-256, der'))
    const point = (hex) => Buffer.from(hex, 'hex').toString('base64')
    for (const key of [point(`04${'01'.repeat(64)}`), point('01'.repeat(32)), point(`02${'01'.repeat(32)}`), 'whpk_', '{"kty":"EC"}', '{', secret]) {
      await assert.rejects(accepted(given, headers, key, format, options), refused('bad_secret'))
    }
  })

  // Invariant: an ECDSA signature has one form; what could be read as the same numbers
  // is refused.
  test(`${name}: malleable ECDSA signatures`, async () => {
    const request = requestOf(vectorOf('declared: ECDSA over P-256, der'))
    const at = request.headers.findIndex(([header]) => header === 'X-Signature')
    const der = Buffer.from(request.headers[at][1], 'base64')
    const longer = Buffer.concat([Buffer.from([0x30, der[1] + 1, 0x02, der[3] + 1, 0]), der.subarray(4)])
    const outer = Buffer.concat([Buffer.from([0x30, der[1] + 1]), der.subarray(2)])
    const trailing = Buffer.concat([der, Buffer.from([0])])
    for (const [changed, code] of [[der, 'ok'], [longer, 'no_matching_signature'], [trailing, 'no_matching_signature'], [outer, 'no_matching_signature'], [der.subarray(0, 8), 'no_matching_signature']]) {
      const headers = request.headers.map((pair, place) => (place === at ? ['X-Signature', changed.toString('base64')] : pair))
      const outcome = accepted(request.body, headers, request.secrets, request.format, request.options)
      if (code === 'ok') await outcome
      else await assert.rejects(outcome, refused(code))
    }
  })

  // Invariant: the event is found where the format puts it.
  test(`${name}: the event`, async () => {
    const raw = '{"userId":"usr_1"}'
    const gitHub = { 'X-GitHub-Event': 'user.created', 'X-GitHub-Delivery': 'evt_7', 'X-Hub-Signature-256': `sha256=${mac(raw, 'hex')}` }
    const event = await accepted(raw, gitHub, secret, 'github')
    assert.deepEqual([event.id, event.type, event.data, event.timestamp], ['evt_7', 'user.created', { userId: 'usr_1' }, undefined])

    const inBody = '{"id":"evt_8","type":"user.created","data":{"a":1},"__proto__":{"b":2}}'
    const plain = await accepted(inBody, { 'X-Signature': mac(inBody, 'hex') }, secret, 'signature')
    assert.deepEqual([plain.id, plain.type, plain.data, plain.text()], ['evt_8', 'user.created', { a: 1 }, inBody])

    const noJSON = await accepted('no JSON', { 'X-Signature': mac('no JSON', 'hex') }, secret, 'signature')
    assert.deepEqual([noJSON.id, noJSON.type], ['', ''])
    assert.throws(() => noJSON.data, SyntaxError)
  })

  // Invariant: a status tells the sender whether the request or the receiver is to blame.
  test(`${name}: statuses`, () => {
    const statusOf = (code) => new build.VerificationError(code).status
    assert.deepEqual(['missing_header', 'no_matching_signature', 'timestamp_too_old', 'body_too_large', 'bad_secret', 'body_not_raw'].map(statusOf), [400, 401, 401, 413, 500, 500])
  })
}

// Invariant: both forms of an entry point offer the same names.
test('exports', () => {
  const [esm, cjs, edge, edgeCJS] = builds.map((build) => Object.keys(build).filter((name) => !['name', 'default', 'module.exports', '__esModule'].includes(name)).sort())
  assert.deepEqual(esm, ['VerificationError', 'formats', 'receiver', 'refuse', 'verify', 'verifyIncoming', 'verifyRequest', 'verifySync', 'webhook'])
  assert.deepEqual(edge, ['VerificationError', 'formats', 'receiver', 'verify', 'verifyRequest'])
  assert.deepEqual([cjs, edgeCJS], [esm, edge])
})
