"""A receiver of the dialect "ascendkit": HMAC-SHA256 over the timestamp, a dot
and the body, at most five minutes off. Reads a JSON list of requests, prints a
JSON list of verdicts."""

import base64
import hashlib
import hmac
import json
import re
import sys


def accepts(request):
    body = base64.b64decode(request["body"])
    headers = request["headers"]
    entries = [entry.split("=", 1) for entry in headers["x-ascendkit-signature"].split(",")]
    timestamp = dict(entries)["t"]
    if abs(request["now"] - int(timestamp)) > 300:
        return False
    expected = hmac.new(request["secret"].encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not any(name == "v1" and hmac.compare_digest(expected, value) for name, value in entries):
        return False
    event = json.loads(body)
    return (
        list(event) == ["event", "eventType", "timestamp", "projectId", "environmentId", "data"]
        and event["event"] == event["eventType"] == headers["x-ascendkit-event"]
        and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["timestamp"]) is not None
        and event["projectId"].startswith("prj_")
        and event["environmentId"].startswith("env_")
    )


print(json.dumps([accepts(request) for request in json.load(sys.stdin)]))
