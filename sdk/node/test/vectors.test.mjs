import assert from 'node:assert/strict'
import { test } from 'node:test'

import { builds, ways } from './builds.mjs'
import { requestOf, schemes, vectors } from './vectors.mjs'

// Node's object of headers, with several values only where there are several.
function objectOf(pairs) {
  const headers = {}
  for (const [name, value] of pairs) (headers[name.toLowerCase()] ??= []).push(value)
  return headers
}

const forms = {
  pairs: (pairs) => pairs,
  'Node\'s rawHeaders': (pairs) => pairs.flat(),
  'an object with lists': objectOf,
}

async function outcomeOf(verify, vector, headers) {
  const { body, secrets, format, options } = requestOf(vector)
  try {
    const event = await verify(body, headers, secrets, format, options)
    return { expect: 'ok', id: event.id, timestamp: event.timestamp, secret: event.secret }
  } catch (error) {
    if (error.name !== 'VerificationError') throw error
    return { expect: error.code, header: error.header, age: error.ageSeconds, message: error.message }
  }
}

function compare(vector, outcome) {
  assert.equal(outcome.expect, vector.expect, `${vector.name}: ${outcome.message ?? 'accepted'}`)
  if (vector.expect === 'ok') {
    assert.equal(outcome.secret, vector.secret ?? 0, vector.name)
    if (vector.id !== undefined) assert.equal(outcome.id, vector.id, vector.name)
    if (vector.timestamp !== undefined) assert.equal(Math.floor(outcome.timestamp.getTime() / 1000), vector.timestamp, vector.name)
    return
  }
  if (vector.header !== undefined) assert.equal(outcome.header.toLowerCase(), vector.header.toLowerCase(), vector.name)
  if (vector.age !== undefined) assert.equal(outcome.age, vector.age, vector.name)
  for (const secret of vector.secrets) assert.ok(secret === '' || !outcome.message.includes(secret), `${vector.name}: the error shows the secret`)
}

// Invariant: every build accepts and refuses what the Go package does, for the same reason.
for (const { name, verify } of ways) {
  for (const [form, made] of Object.entries(forms)) {
    test(`${name}: vectors, headers as ${form}`, async () => {
      assert.ok(vectors.length >= 200)
      for (const vector of vectors) compare(vector, await outcomeOf(verify, vector, made(vector.headers)))
    })
  }
}

// Invariant: the library knows exactly the formats that the Go package knows, and the
// vectors accept a request of each.
test('formats', () => {
  const accepted = new Set(vectors.filter((vector) => vector.expect === 'ok').map((vector) => vector.format))
  for (const { formats } of builds) {
    assert.deepEqual(formats(), Object.keys(schemes).sort())
    for (const format of formats()) assert.ok(accepted.has(format), format)
  }
})
