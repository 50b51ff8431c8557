// A receiver of the dialect "sendkit": the HMAC-SHA256 of the body in hex, and
// the event's type as a header. Reads a JSON list of requests, prints a JSON list
// of verdicts.
const crypto = require('crypto')

function accepts(request) {
  const body = Buffer.from(request.body, 'base64')
  const expected = crypto.createHmac('sha256', request.secret).update(body).digest('hex')
  if (request.headers['x-webhook-signature'] !== expected) return false
  const event = JSON.parse(body)
  return event.type === request.headers['x-webhook-event'] && Object.keys(event).join() === 'id,type,timestamp,data'
}

const requests = JSON.parse(require('fs').readFileSync(0, 'utf8'))
console.log(JSON.stringify(requests.map(accepts)))
