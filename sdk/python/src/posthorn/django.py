"""Webhooks in Django.

    @posthorn.django.webhook(SECRET, format="standard")
    def receive(request, event):
        ...
"""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable, Sequence, Union

from ._body import read_before
from ._verify import verify
from ._web import View, answer, check_unread
from .errors import RequestRefused
from .event import Event

__all__ = ["verified_event", "webhook"]

_WHERE = "request.POST, request.FILES or request.read(); verify first"


def verified_event(request: Any, secrets: Union[str, Sequence[str]], **settings: Any) -> Event:
    """Verifies a django.http.HttpRequest, with the settings of posthorn.verify; raises what
    that raises. How large a body may be is Django's DATA_UPLOAD_MAX_MEMORY_SIZE."""
    from django.http.request import RawPostDataException

    try:
        body = request.body
    except RawPostDataException as error:
        raise read_before(_WHERE) from error
    check_unread(body, request.META.get("CONTENT_LENGTH"), _WHERE)
    return verify(body, request.headers, secrets, **settings)


def webhook(secrets: Union[str, Sequence[str]], **settings: Any) -> Callable[[View], View]:
    """Decorates a view, plain or async, which gets the request, the verified event, and
    what the route holds. Requests that are refused are answered with 401, those that
    aren't POST with 405; a mistake of the receiver's is raised. The view needs no CSRF
    token: the signature stands in its place."""

    def decorate(view: View) -> View:
        from django.http import HttpResponseNotAllowed, JsonResponse

        def check(request: Any) -> Any:
            """The event, or the response that refuses the request."""
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            try:
                return verified_event(request, secrets, **settings)
            except RequestRefused as error:
                return JsonResponse(answer(error), status=error.status)

        @functools.wraps(view)
        def receive(request: Any, *arguments: Any, **named: Any) -> Any:
            event = check(request)
            return view(request, event, *arguments, **named) if isinstance(event, Event) else event

        @functools.wraps(view)
        async def receive_async(request: Any, *arguments: Any, **named: Any) -> Any:
            event = check(request)
            return await view(request, event, *arguments, **named) if isinstance(event, Event) else event

        chosen: Any = receive_async if inspect.iscoroutinefunction(view) else receive
        chosen.csrf_exempt = True
        return chosen  # type: ignore[no-any-return]

    return decorate
