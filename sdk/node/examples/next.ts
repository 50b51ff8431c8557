import { receiver } from 'posthorn'

export const POST = receiver(process.env.WEBHOOK_SECRET, 'standard', async (event) => {
  console.log(event.id, event.type, event.data)
})
