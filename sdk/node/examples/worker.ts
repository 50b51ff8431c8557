import { receiver } from 'posthorn/edge'

interface Env {
  WEBHOOK_SECRET: string
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const receive = receiver(env.WEBHOOK_SECRET, 'standard', async (event) => {
      console.log(event.id, event.type, event.data)
    })
    return receive(request)
  },
}
