"""Webhooks in Flask.

    @app.post("/webhooks")
    @posthorn.flask.webhook(SECRET, format="standard")
    def receive(event):
        ...
"""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable, Sequence, Union

from ._verify import verify
from ._web import MAX_BODY, View, answer, check_unread
from .errors import BodyTooLarge, RequestRefused
from .event import Event

__all__ = ["verified_event", "webhook"]


def verified_event(
    request: Any, secrets: Union[str, Sequence[str]], *, max_body: int = MAX_BODY, **settings: Any
) -> Event:
    """Verifies flask.request, with the settings of posthorn.verify; raises what that
    raises, and BodyTooLarge beyond max_body bytes. request.get_data() and request.json
    work as before."""
    return verify(_read(request, max_body), request.headers, secrets, **settings)


def webhook(
    secrets: Union[str, Sequence[str]], *, max_body: int = MAX_BODY, **settings: Any
) -> Callable[[View], View]:
    """Decorates a view, which gets the verified event as its first argument. Requests that
    are refused are answered with 401 or 413; a mistake of the receiver's is raised."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def receive(*arguments: Any, **named: Any) -> Any:
            from flask import current_app, request

            try:
                event = verified_event(request, secrets, max_body=max_body, **settings)
            except RequestRefused as error:
                return answer(error), error.status
            run = current_app.ensure_sync(view) if inspect.iscoroutinefunction(view) else view
            return run(event, *arguments, **named)

        return receive

    return decorate


def _read(request: Any, max_body: int) -> bytes:
    length = request.content_length
    if length is not None and length > max_body:
        raise BodyTooLarge(detail="more than %d bytes" % max_body)
    if length is None and "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        body: bytes = request.stream.read(max_body + 1)  # which nobody has bounded yet
    else:
        body = request.get_data(cache=True)
    if len(body) > max_body:
        raise BodyTooLarge(detail="more than %d bytes" % max_body)
    check_unread(body, length, "request.form or request.stream; verify first, and take the form out of event.body")
    return body
