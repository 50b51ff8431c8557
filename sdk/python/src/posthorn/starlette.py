"""Webhooks in Starlette and in whatever is built on it.

    async def receive(request):
        event = await posthorn.starlette.verified_event(request, SECRET, format="standard")
"""

from __future__ import annotations

import functools
from typing import Any, Callable, List, Sequence, Union

from ._body import read_before
from ._verify import verify
from ._web import MAX_BODY, View, answer, check_unread
from .errors import BodyTooLarge, RequestRefused
from .event import Event

__all__ = ["verified_event", "webhook"]

_WHERE = "request.form() or request.stream(), or a middleware; verify first, or call await request.body() before"


async def verified_event(
    request: Any, secrets: Union[str, Sequence[str]], *, max_body: int = MAX_BODY, **settings: Any
) -> Event:
    """Verifies a starlette.requests.Request, with the settings of posthorn.verify; raises
    what that raises, and BodyTooLarge beyond max_body bytes. Afterwards the body is in
    event.body; request.body() gives it only if it was called before."""
    body = await _read(request, max_body)
    return verify(body, request.scope["headers"], secrets, **settings)


def webhook(
    secrets: Union[str, Sequence[str]], *, max_body: int = MAX_BODY, **settings: Any
) -> Callable[[View], View]:
    """Decorates an endpoint, which gets the request and the verified event. Requests that
    are refused are answered with 401 or 413; a mistake of the receiver's is raised."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        async def receive(request: Any) -> Any:
            from starlette.responses import JSONResponse

            try:
                event = await verified_event(request, secrets, max_body=max_body, **settings)
            except RequestRefused as error:
                return JSONResponse(answer(error), status_code=error.status)
            return await view(request, event)

        return receive

    return decorate


async def _read(request: Any, max_body: int) -> bytes:
    chunks: List[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > max_body:
                raise BodyTooLarge(detail="more than %d bytes" % max_body)
            chunks.append(chunk)
    except RuntimeError as error:  # "Stream consumed"
        raise read_before(_WHERE) from error
    body = b"".join(chunks)
    check_unread(body, request.headers.get("content-length"), _WHERE)
    return body
