"""Calls an ASGI application as a server does."""

import asyncio
import json


def call(app, path, body, headers, method="POST"):
    """The status and the body of the answer; body may be a list of chunks."""
    pairs = headers.items() if isinstance(headers, dict) else headers
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in pairs],
        "client": ("127.0.0.1", 1),
        "server": ("example.com", 443),
    }
    chunks = body if isinstance(body, list) else [body]
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": at + 1 < len(chunks)} for at, chunk in enumerate(chunks)
    ]
    sent = []

    async def receive():
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def refusal(answer):
    """The status and the word of a request that was refused."""
    status, body = answer
    document = json.loads(body)
    return status, document.get("detail", {}).get("error") if "error" not in document else document["error"]
