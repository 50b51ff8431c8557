import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as send } from 'node:http'
import { connect } from 'node:net'
import { after, test } from 'node:test'

import express from 'express'

import { builds } from './builds.mjs'
import { body, secret, standard } from './signed.mjs'

async function listening(server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.closeAllConnections())
  after(() => server.close())
  return `http://127.0.0.1:${server.address().port}/`
}

// Sends with pairs, so that a header can stand twice.
function post(url, headers, content = body) {
  return new Promise((resolve, reject) => {
    const sent = send(url, { method: 'POST' }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () => resolve({ status: response.statusCode, text }))
    })
    for (const [name, value] of Object.entries(headers)) sent.setHeader(name, value)
    sent.on('error', reject).end(content)
  })
}

const errorOf = ({ text }) => JSON.parse(text).error

for (const { name, webhook, verifyIncoming, refuse, VerificationError } of builds.filter((build) => build.webhook)) {
  const serve = async (prepare, options, secrets = secret) => {
    const failures = []
    const app = express()
    prepare(app)
    app.post('/', webhook(secrets, 'standard', options), (request, response) => response.json({ id: request.webhookEvent.id, data: request.webhookEvent.data }))
    app.use((error, _request, response, _next) => {
      failures.push(error)
      response.status(error.status ?? 500).end()
    })
    return { url: await listening(createServer(app)), failures }
  }

  // Invariant: behind the middleware there is a verified event, and nothing else gets
  // there.
  test(`${name}: Express`, async () => {
    const { url, failures } = await serve(() => {}, { maxBytes: 1000 })
    const good = await post(url, standard())
    assert.deepEqual([good.status, JSON.parse(good.text)], [200, { id: 'evt_1', data: { userId: 'usr_1', n: 1.1 } }])
    const tampered = await post(url, standard(), body.replace('usr_1', 'usr_2'))
    assert.deepEqual([tampered.status, errorOf(tampered)], [401, 'no_matching_signature'])
    const reserialised = await post(url, standard(), JSON.stringify(JSON.parse(body)))
    assert.deepEqual([reserialised.status, errorOf(reserialised)], [401, 'no_matching_signature'])
    const { 'webhook-id': _, ...incomplete } = standard()
    const missing = await post(url, incomplete)
    assert.deepEqual([missing.status, errorOf(missing)], [400, 'missing_header'])
    const doubled = await post(url, { ...standard(), 'webhook-id': ['evt_1', 'evt_1'] })
    assert.deepEqual([doubled.status, errorOf(doubled)], [400, 'doubled_header'])
    const old = await post(url, standard({ at: 1_777_896_000 }))
    assert.deepEqual([old.status, errorOf(old)], [401, 'timestamp_too_old'])
    const large = await post(url, standard({ of: 'x'.repeat(1001) }), 'x'.repeat(1001))
    assert.deepEqual([large.status, errorOf(large)], [413, 'body_too_large'])
    const empty = await post(url, standard({ of: '' }), '')
    assert.equal(empty.status, 500) // it is verified; the handler's event.data is no JSON
    assert.deepEqual(failures.map((error) => error.name), ['SyntaxError'])
  })

  // Invariant: a body that a parser has read is never verified, and the receiver's own
  // log says what to do; one that is still raw is taken.
  test(`${name}: Express with parsers before it`, async () => {
    const parsed = await serve((app) => app.use(express.json()))
    assert.equal((await post(parsed.url, standard())).status, 500)
    assert.deepEqual(parsed.failures.map((error) => error.code), ['body_not_raw'])
    assert.match(parsed.failures[0].message, /express\.raw/)

    const raw = await serve((app) => app.use(express.raw({ type: '*/*' })))
    assert.equal((await post(raw.url, standard())).status, 200)
    const kept = await serve((app) => app.use(express.json({ verify: (request, _, buffer) => (request.rawBody = buffer) })))
    assert.equal((await post(kept.url, standard())).status, 200)
    const other = await serve((app) => app.use(express.json()))
    assert.equal((await post(other.url, { ...standard(), 'content-type': 'text/plain' })).status, 200)
  })

  // Invariant: a receiver without a secret refuses everything and says so to its own
  // error handler.
  test(`${name}: Express without a secret`, async () => {
    const { url, failures } = await serve(() => {}, {}, null)
    assert.equal((await post(url, standard())).status, 500)
    assert.deepEqual(failures.map((error) => error.code), ['bad_secret'])
  })

  // Invariant: a sender that breaks off leaves nobody waiting.
  test(`${name}: a body that breaks off`, async () => {
    const { promise, resolve } = withResolvers()
    const url = await listening(createServer((request) => verifyIncoming(request, secret, 'standard').catch(resolve)))
    const socket = connect(new URL(url).port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc', () => socket.destroy())
    const error = await promise
    assert.ok(error instanceof Error && !(error instanceof VerificationError), String(error))
  })

  // Invariant: node:http needs nothing else.
  test(`${name}: node:http`, async () => {
    const server = createServer((request, response) => {
      verifyIncoming(request, secret, 'standard').then((event) => response.end(event.type), (error) => refuse(response, error))
    })
    const url = await listening(server)
    const good = await post(url, standard())
    assert.deepEqual([good.status, good.text], [200, 'user.created'])
    const bad = await post(url, { ...standard(), 'webhook-signature': `v1,${'A'.repeat(43)}=` })
    assert.deepEqual([bad.status, errorOf(bad)], [401, 'no_matching_signature'])
  })
}

function withResolvers() {
  let resolve
  const promise = new Promise((settle) => (resolve = settle))
  return { promise, resolve }
}
