import { verify } from 'posthorn'

export async function handle(rawBody: Uint8Array, headers: Headers): Promise<string> {
  const event = await verify(rawBody, headers, [process.env.NEW_SECRET!, process.env.OLD_SECRET!], 'github')
  return event.secret === 0 ? 'the new secret signed' : 'the old secret signed'
}
