import express from 'express'
import { webhook } from 'posthorn'

const app = express()

app.post('/webhooks', webhook(process.env.WEBHOOK_SECRET, 'standard'), (request, response) => {
  const event = request.webhookEvent!
  console.log(event.id, event.type, event.data)
  response.sendStatus(200)
})

app.use(express.json()) // parsers of bodies come behind the webhook's route

export const server = app.listen(process.env.PORT ?? 3000)
