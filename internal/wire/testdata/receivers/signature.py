"""A receiver of the dialect "signature". The function verify is the one that the
dialect's own documentation prints. Reads a JSON list of requests, prints a JSON
list of verdicts."""

import base64
import json
import sys

import hmac, hashlib
def verify(body: bytes, signature: str, secret: str) -> bool:
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)


def accepts(request):
    body = base64.b64decode(request["body"])
    return verify(body, request["headers"]["x-signature"], request["secret"])


print(json.dumps([accepts(request) for request in json.load(sys.stdin)]))
