import { VerificationError, verifyRequest } from 'posthorn'

export async function handle(request: Request): Promise<Response> {
  try {
    const event = await verifyRequest(request, process.env.WEBHOOK_SECRET, 'standard')
    console.log(event.id, event.type, event.data)
    return new Response('ok')
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error
    console.warn(error.code, error.message)
    return new Response(error.code, { status: error.status })
  }
}
