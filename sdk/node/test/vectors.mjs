// The vectors that the libraries in all languages share; the file itself tells what
// its fields are.
import { readFileSync } from 'node:fs'

const signature = new URL('../../../signature/', import.meta.url)

export const { vectors } = JSON.parse(readFileSync(new URL('testdata/vectors.json', signature), 'utf8'))
export const schemes = JSON.parse(readFileSync(new URL('schemes.json', signature), 'utf8'))

/** The arguments of verify, but for the headers. */
export function requestOf(vector) {
  const options = { now: new Date(vector.now * 1000) }
  if (vector.url !== undefined) options.url = vector.url
  return {
    body: vector.body,
    headers: vector.headers,
    secrets: [...vector.secrets, ...(vector.publicKeys ?? [])],
    format: vector.scheme ?? vector.format,
    options,
  }
}

/** The one vector of that name. */
export function vectorOf(name) {
  const found = vectors.find((vector) => vector.name === name)
  if (!found) throw new Error(`no vector ${name}`)
  return found
}
