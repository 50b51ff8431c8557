import assert from 'node:assert/strict'
import { test } from 'node:test'

import { builds } from './builds.mjs'
import { body, secret, standard } from './signed.mjs'
import { requestOf, vectorOf } from './vectors.mjs'

const url = 'https://example.com/webhooks'
const made = (headers = standard(), content = body, to = url) => new Request(to, { method: 'POST', headers, body: content })

for (const { name, verifyRequest, receiver } of builds) {
  // Invariant: a route hands verified events on and answers all others itself.
  test(`${name}: receiver`, async () => {
    const events = []
    const route = receiver(secret, 'standard', (event) => void events.push(event))
    assert.equal((await route(made())).status, 200)
    assert.deepEqual(events.map((event) => [event.id, event.type, event.data]), [['evt_1', 'user.created', { userId: 'usr_1', n: 1.1 }]])

    const { 'webhook-id': _, ...incomplete } = standard()
    const bad = [
      [made(standard(), `${body} `), 401, 'no_matching_signature'],
      [made(standard({ at: 1_777_896_000 })), 401, 'timestamp_too_old'],
      [made(incomplete), 400, 'missing_header'],
    ]
    for (const [request, status, code] of bad) {
      const response = await route(request)
      assert.deepEqual([response.status, (await response.json()).error], [status, code])
    }
    assert.equal(events.length, 1)
    const answering = receiver(secret, 'standard', async () => new Response('later', { status: 503 }))
    assert.equal((await answering(made())).status, 503)
  })

  // Invariant: what is wrong with the receiver itself is thrown, and errors of its
  // handler are its own.
  test(`${name}: receiver that is set up wrongly`, async () => {
    const never = () => assert.fail('the handler was called')
    await assert.rejects(receiver(undefined, 'standard', never)(made()), { code: 'bad_secret' })
    await assert.rejects(receiver(secret, 'nobody', never)(made()), { code: 'unknown_format' })
    const read = made()
    await read.text()
    await assert.rejects(receiver(secret, 'standard', never)(read), { code: 'body_not_raw' })
    const failing = receiver(secret, 'standard', () => { throw new RangeError('of the handler') })
    await assert.rejects(failing(made()), RangeError)
  })

  // Invariant: no more of a body is read than is allowed.
  test(`${name}: bound on the body`, async () => {
    const exact = await verifyRequest(made(), secret, 'standard', { maxBytes: Buffer.byteLength(body) })
    assert.equal(exact.id, 'evt_1')
    await assert.rejects(verifyRequest(made(), secret, 'standard', { maxBytes: Buffer.byteLength(body) - 1 }), { code: 'body_too_large', status: 413 })
    let pulled = 0
    const endless = new ReadableStream({ pull: (controller) => { pulled++; controller.enqueue(new Uint8Array(1 << 10)) } })
    const request = new Request(url, { method: 'POST', headers: standard(), body: endless, duplex: 'half' })
    await assert.rejects(verifyRequest(request, secret, 'standard', { maxBytes: 10 << 10 }), { code: 'body_too_large' })
    assert.ok(pulled < 20, `${pulled} pieces were read`)
    const empty = await verifyRequest(made(standard({ of: '' }), null), secret, 'standard')
    assert.equal(empty.body.length, 0)
  })

  // Invariant: where the URL is signed, it is the one that was configured and never the
  // request's own, whose host its sender has written. Formats that sign none need none.
  test(`${name}: the URL`, async () => {
    const vector = requestOf(vectorOf('httpsig: accepted'))
    const { now, url: configured } = vector.options
    const at = (to) => made(vector.headers, vector.body, to)
    const never = () => assert.fail('the handler was called')
    for (const to of [configured, 'http://10.0.0.1:8080/hooks?tenant=7']) {
      await assert.rejects(verifyRequest(at(to), vector.secrets, 'httpsig', { now }), { code: 'missing_url', status: 500, message: /option url/ })
      await assert.rejects(receiver(vector.secrets, 'httpsig', never, { now })(at(to)), { code: 'missing_url' })
      assert.equal((await verifyRequest(at(to), vector.secrets, 'httpsig', vector.options)).id, 'evt_1')
    }
    const declared = requestOf(vectorOf('declared: the URL and a header'))
    const signed = made(declared.headers, declared.body, declared.options.url)
    await assert.rejects(verifyRequest(signed, declared.secrets, declared.format, { now }), { code: 'missing_url' })
    assert.equal((await verifyRequest(made(), secret, 'standard')).id, 'evt_1')
  })
}
