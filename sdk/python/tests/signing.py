"""Signs requests as a sender does, for the tests alone."""

import base64
import hashlib
import hmac

NOW = 1777896000
SECRET = "b41d5e0f8c3a47c69f20d1e2b3a4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6"
OTHER = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
BODY = b'{"type":"user.created","data":{"total": 1e400, "name":"\xc3\xa9"}}'


def standard(body=BODY, secret=SECRET, at=NOW, event_id="evt_1"):
    """The headers of the format standard."""
    content = ("%s.%d." % (event_id, at)).encode() + body
    signature = base64.b64encode(hmac.new(secret.encode(), content, hashlib.sha256).digest()).decode()
    return {"webhook-id": event_id, "webhook-timestamp": str(at), "webhook-signature": "v1," + signature}


def stripe(body=BODY, secret=SECRET, at=NOW):
    """The headers of the format stripe."""
    signature = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": "t=%d,v1=%s" % (at, signature)}
