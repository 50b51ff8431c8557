// A receiver of the dialect "ascend", by the steps that its documentation
// describes: the whole header is compared with the one expected. Reads a JSON
// list of requests, prints a JSON list of verdicts.
const crypto = require('crypto')

function accepts(request) {
  const requestBody = Buffer.from(request.body, 'base64')
  const requestTimestamp = request.headers['x-ascend-request-timestamp']
  const requestSignature = request.headers['x-ascend-signature']
  const signedString = `${requestTimestamp}:${requestBody}`
  const hmac = crypto.createHmac('sha256', request.secret).update(signedString).digest('hex')
  const expectedSignature = `t=${requestTimestamp},v1=${hmac}`
  if (requestSignature !== expectedSignature) return false
  const event = JSON.parse(requestBody)
  return typeof event.id === 'string' && event.type === 'user.created' && typeof event.data === 'object'
}

const requests = JSON.parse(require('fs').readFileSync(0, 'utf8'))
console.log(JSON.stringify(requests.map(accepts)))
