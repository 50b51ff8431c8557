"""What the helpers for web frameworks share."""

from __future__ import annotations

from typing import Any, Callable, Dict

from ._body import read_before
from .errors import RequestRefused

#: How many bytes of a body the helpers read unless they are told otherwise.
MAX_BODY = 2 << 20

#: The rest of the arguments of posthorn.verify.
Settings = Dict[str, Any]


def check_unread(body: bytes, length: Any, where: str) -> None:
    """Raises NotRawBody when a body was announced and is gone."""
    if not body and str(length or "0") not in ("", "0"):
        raise read_before(where)


def answer(error: RequestRefused) -> Dict[str, str]:
    """What the sender is told, as JSON; it finds it beside the attempt."""
    return {"error": error.code, "detail": str(error)}


#: A view of a framework, whose arguments are its own business.
View = Callable[..., Any]
