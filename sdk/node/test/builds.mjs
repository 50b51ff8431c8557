// What is tested is what is installed: both forms of both entry points, found as a
// receiver finds them.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const modules = {
  'posthorn as an ES module': await import('posthorn'),
  'posthorn in CommonJS': require('posthorn'),
  'posthorn/edge as an ES module': await import('posthorn/edge'),
  'posthorn/edge in CommonJS': require('posthorn/edge'),
}

export const builds = Object.entries(modules).map(([name, module]) => ({ name, ...module }))

/** Every way to verify, as one that gives a promise. */
export const ways = builds.flatMap((build) => {
  const { name, verify, verifySync } = build
  const ways = [{ name: `${name}, verify`, build, verify }]
  if (verifySync) ways.push({ name: `${name}, verifySync`, build, verify: async (...request) => verifySync(...request) })
  return ways
})
