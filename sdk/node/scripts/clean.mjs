// What an earlier build left behind must not be tested, nor published.
import { rmSync } from 'node:fs'

for (const folder of ['dist', 'build']) rmSync(new URL(`../${folder}`, import.meta.url), { recursive: true, force: true })
