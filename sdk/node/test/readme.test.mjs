import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'

import { body, mac, now, secret, standard } from './signed.mjs'

const folder = new URL('../', import.meta.url)
const load = (name) => import(new URL(`build/examples/${name}.js`, folder))

// What an example tells of the event.
const told = []
console.log = (...values) => told.push(values)
console.warn = () => {}

process.env.WEBHOOK_SECRET = secret
process.env.PORT = '0'

const request = (content = body, headers = standard()) => new Request('https://example.com/webhooks', { method: 'POST', headers, body: content })

// Sends one good and one tampered request, and expects that exactly the good one is told of.
async function tryOut(send) {
  told.length = 0
  const good = await send(request())
  assert.equal(good.status, 200)
  assert.deepEqual(told, [['evt_1', 'user.created', { userId: 'usr_1', n: 1.1 }]])
  const tampered = await send(request(body.replace('usr_1', 'usr_2')))
  assert.equal(tampered.status, 401)
  assert.equal(told.length, 1)
}

// Sends to a server that an example has started.
async function toServer(server, path) {
  after(() => server.closeAllConnections())
  after(() => server.close())
  if (!server.listening) await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}${path}`
  return async (sent) => fetch(url, { method: 'POST', headers: sent.headers, body: await sent.text() })
}

// Invariant: what a reader copies is what is tried here.
test('the README shows the examples and nothing else', () => {
  const shown = [...readFileSync(new URL('README.md', folder), 'utf8').matchAll(/```(?:ts|js)\n([^]*?)```/g)].map(([, code]) => code)
  const files = readdirSync(new URL('examples/', folder)).filter((name) => name.endsWith('.ts'))
  const written = files.map((name) => readFileSync(new URL(`examples/${name}`, folder), 'utf8'))
  assert.ok(files.length >= 7)
  assert.deepEqual(shown.sort(), written.sort())
})

test('example: Express', async () => {
  const { server } = await load('express')
  await tryOut(await toServer(server, '/webhooks'))
})

test('example: node:http', async () => {
  const { server } = await load('node-http')
  await tryOut(await toServer(server, '/'))
})

test('example: Next.js', async () => {
  const { POST } = await load('next')
  await tryOut(POST)
})

test('example: worker', async () => {
  const { default: worker } = await load('worker')
  await tryOut((sent) => worker.fetch(sent, { WEBHOOK_SECRET: secret }))
})

test('example: Fetch', async () => {
  const { handle } = await load('fetch')
  await tryOut(handle)
})

test('example: rotation', async () => {
  Object.assign(process.env, { NEW_SECRET: 'new', OLD_SECRET: 'old' })
  const { handle } = await load('rotation')
  const signedWith = (key) => new Headers({ 'X-Hub-Signature-256': `sha256=${mac(body, 'hex', key)}` })
  assert.equal(await handle(body, signedWith('new')), 'the new secret signed')
  assert.equal(await handle(body, signedWith('old')), 'the old secret signed')
  await assert.rejects(handle(body, signedWith('other')), { code: 'no_matching_signature' })
})

test('example: a declared scheme', async () => {
  const { handle } = await load('declared')
  const at = now()
  const headers = { 'x-acme-time': String(at), 'x-acme-signature': `sha256=${mac(`${at}|${body}`, 'hex')}` }
  assert.deepEqual(await handle(body, headers), JSON.parse(body))
  await assert.rejects(handle(`${body} `, headers), { code: 'no_matching_signature' })
})
