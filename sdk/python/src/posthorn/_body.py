"""The body must be the bytes that came."""

from __future__ import annotations

import inspect
from typing import Any

from .errors import NotRawBody

_HOW = (
    "Pass the bytes that came, before any decoding. Flask: request.get_data(). FastAPI and Starlette: await request.body(). "
    "Django: request.body. aiohttp: await request.read(). http.server: self.rfile.read(length). AWS Lambda: "
    'base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"].encode().'
)


def raw_body(body: Any) -> bytes:
    """The body as bytes; raises NotRawBody, which says how to get them."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, (bytearray, memoryview)):
        return bytes(body)
    if inspect.isawaitable(body):
        if inspect.iscoroutine(body):
            body.close()  # else Python warns of it as well
        raise NotRawBody(detail="the body is a coroutine: write await before it. " + _HOW)
    if isinstance(body, str):
        raise NotRawBody(detail="the body is a str: it was decoded, and what was signed may be lost. " + _HOW)
    raise NotRawBody(detail="the body is a %s: it was parsed, and what was signed is lost. %s" % (type(body).__name__, _HOW))


def read_before(where: str) -> NotRawBody:
    """The error for a body that is gone because somebody else has read it."""
    return NotRawBody(detail="something has read the body before it was verified: " + where)
