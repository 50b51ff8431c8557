import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'

import { body, secret, standard } from './signed.mjs'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const read = (...parts) => readFileSync(join(dist, ...parts), 'utf8')

// Everything that a file imports, directly or not.
function importsOf(folder, file, seen = new Map()) {
  const source = read(folder, file)
  seen.set(file, source)
  const names = [...source.matchAll(/(?:\bfrom|\bimport|\brequire\()\s*["']([^"']+)["']/g)].map(([, name]) => name)
  for (const name of names) {
    const next = name.startsWith('./') ? name.slice(2) : undefined
    if (next === undefined) seen.set(name, undefined)
    else if (!seen.has(next)) importsOf(folder, next, seen)
  }
  return seen
}

// Invariant: the edge entry point reaches nothing that isn't in the package.
test('the edge entry imports nothing of Node', () => {
  for (const folder of ['esm', 'cjs']) {
    const files = [...importsOf(folder, 'edge.js')]
    assert.ok(files.length > 10, `${folder}: only ${files.length} files were followed`)
    assert.deepEqual(files.filter(([, source]) => source === undefined), [])
    assert.ok([...importsOf(folder, 'index.js')].some(([name]) => name === 'node:crypto'), 'this test would not notice an import of Node')
  }
})

// Invariant: it runs where there is nothing but the language and the globals of the web.
test('the edge entry runs without the globals of Node', async () => {
  const web = { TextEncoder, TextDecoder, atob, btoa, crypto, Request, Response, Headers }
  const context = vm.createContext({ ...web })
  const modules = new Map()
  const load = (file) => {
    if (!modules.has(file)) {
      const module = { exports: {} }
      modules.set(file, module)
      const wrapped = vm.runInContext(`(function (exports, require, module) {${read('cjs', file)}\n})`, context, { filename: file })
      wrapped(module.exports, (name) => load(join(dirname(file), name)), module)
    }
    return modules.get(file).exports
  }
  const { verify, receiver } = load('edge.js')
  assert.equal((await verify(body, standard(), secret, 'standard')).type, 'user.created')
  await assert.rejects(verify(`${body} `, standard(), secret, 'standard'), (error) => error.code === 'no_matching_signature')
  const route = receiver(secret, 'standard', (event) => new Response(event.id))
  const response = await route(new Request('https://example.com/', { method: 'POST', headers: standard(), body }))
  assert.equal(await response.text(), 'evt_1')
})

// Invariant: bundlers for edge runtimes get the entry point that runs there, and every
// file that package.json names exists.
test('conditions of package.json', () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  assert.deepEqual([manifest.dependencies, manifest.peerDependencies], [undefined, undefined])
  for (const condition of ['edge-light', 'workerd', 'worker', 'browser']) {
    assert.match(manifest.exports['.'][condition].import.default, /esm\/edge\.js$/)
  }
  const files = JSON.stringify([manifest.exports, manifest.main, manifest.module, manifest.types]).match(/\.\/dist\/[^"]+/g)
  assert.ok(files.length > 10)
  for (const file of files) assert.ok(readFileSync(new URL(`../${file}`, import.meta.url)).length > 0, file)
})
