"""Webhooks in FastAPI.

    @app.post("/webhooks")
    async def receive(event: posthorn.Event = Depends(posthorn.fastapi.webhook(SECRET, format="standard"))):
        ...
"""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Sequence, Union

from ._web import MAX_BODY, answer
from .errors import RequestRefused
from .event import Event
from .starlette import verified_event

__all__ = ["verified_event", "webhook"]


def webhook(
    secrets: Union[str, Sequence[str]], *, max_body: int = MAX_BODY, **settings: Any
) -> Callable[..., Awaitable[Event]]:
    """Makes a dependency that gives the verified event. Requests that are refused are
    answered with 401 or 413; a mistake of the receiver's is raised."""
    from fastapi import HTTPException, Request

    async def verified(request: Any) -> Event:
        try:
            return await verified_event(request, secrets, max_body=max_body, **settings)
        except RequestRefused as error:
            raise HTTPException(error.status, detail=answer(error)) from error

    # FastAPI looks at the types that stand here to know what to pass.
    verified.__annotations__ = {"request": Request, "return": Event}
    return verified
