// A receiver of the dialect "signature". The handler is the one that the
// dialect's own documentation prints; verify is its Python function in this
// language. Reads a JSON list of requests, prints a JSON list of verdicts.
const crypto = require('crypto')

function verify(body, signature, secret) {
  const expected = crypto.createHmac('sha256', secret).update(body).digest('hex')
  return expected.length === signature.length && crypto.timingSafeEqual(Buffer.from(expected), Buffer.from(signature))
}

let SECRET
let handled
const handlers = { 'user.created': (data) => { handled = data } }
const routes = {}
const app = { post: (path, handler) => { routes[path] = handler } }

app.post('/webhook', (req, res) => {
  if (!verify(req.rawBody, req.headers['x-signature'], SECRET)) {
    return res.status(401).end();
  }
  const event = req.body;
  handlers[event.type]?.(event.data);
  res.status(200).end();
});

function accepts(request) {
  SECRET = request.secret
  handled = undefined
  const rawBody = Buffer.from(request.body, 'base64')
  let status
  const res = { status: (code) => { status = code; return res }, end: () => res }
  routes['/webhook']({ rawBody, headers: request.headers, body: JSON.parse(rawBody) }, res)
  return status === 200 && handled !== undefined
}

const requests = JSON.parse(require('fs').readFileSync(0, 'utf8'))
console.log(JSON.stringify(requests.map(accepts)))
