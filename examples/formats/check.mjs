// Checks the requests in ./requests with the senders' own libraries:
//
//	npm install @paddle/paddle-node-sdk square @hubspot/api-client @line/bot-sdk @workos-inc/node
//	node check.mjs
//
// Each request must be accepted as it is, and refused with another body.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.cwd()}/`);
const secret = "b41d5e0f8c3a47c69f20d1e2b3a4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6";

function read(name) {
  const text = readFileSync(new URL(`./requests/${name}.http`, import.meta.url), "utf8");
  const end = text.indexOf("\n\n");
  const [first, ...lines] = text.slice(0, end).split("\n");
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]));
  return { url: first.slice("POST ".length), headers, body: text.slice(end + 2) };
}

const senders = {
  async paddle({ headers, body }) {
    const { Paddle } = require("@paddle/paddle-node-sdk");
    return new Paddle("unused").webhooks.isSignatureValid(body, secret, headers["paddle-signature"]);
  },
  async square({ url, headers, body }) {
    const { WebhooksHelper } = require("square");
    return WebhooksHelper.verifySignature({ requestBody: body, signatureHeader: headers["x-square-hmacsha256-signature"], signatureKey: secret, notificationUrl: url });
  },
  async hubspot({ url, headers, body }) {
    const { Signature } = require("@hubspot/api-client");
    return Signature.isValid({
      signatureVersion: "v3", signature: headers["x-hubspot-signature-v3"], method: "POST", clientSecret: secret, requestBody: body, url,
      timestamp: Number(headers["x-hubspot-request-timestamp"]),
    });
  },
  async line({ headers, body }) {
    return require("@line/bot-sdk").validateSignature(body, secret, headers["x-line-signature"]);
  },
  async workos({ headers, body }) {
    const { WorkOS } = require("@workos-inc/node");
    try {
      return await new WorkOS("sk_unused").webhooks.verifyHeader({ payload: JSON.parse(body), sigHeader: headers["workos-signature"], secret, tolerance: 1e15 });
    } catch {
      return false;
    }
  },
};

// The libraries look at the clock: it stands where the requests were signed.
const signedAt = Number(read("hubspot").headers["x-hubspot-request-timestamp"]);
globalThis.Date = class extends Date {
  constructor(...values) {
    super(...(values.length > 0 ? values : [signedAt]));
  }
  static now() {
    return signedAt;
  }
};

let failures = 0;
for (const [name, accepts] of Object.entries(senders)) {
  const request = read(name);
  const good = await accepts(request);
  const bad = await accepts({ ...request, body: request.body.replace("usr_abc123", "usr_abc124") });
  console.log(`${name}: accepted ${good}, another body accepted ${bad}`);
  if (!good || bad) failures++;
}
process.exit(failures === 0 ? 0 : 1);
