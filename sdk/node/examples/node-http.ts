import { createServer } from 'node:http'
import { refuse, VerificationError, verifyIncoming } from 'posthorn'

export const server = createServer(async (request, response) => {
  try {
    const event = await verifyIncoming(request, process.env.WEBHOOK_SECRET, 'standard')
    console.log(event.id, event.type, event.data)
    response.end('ok')
  } catch (error) {
    if (error instanceof VerificationError) return refuse(response, error)
    response.destroy()
  }
}).listen(process.env.PORT ?? 3000)
