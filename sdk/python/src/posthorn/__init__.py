"""Verifies webhook requests, whatever dialect they are in.

    event = posthorn.verify(body, headers, secret, format="standard")

It needs nothing but the standard library. The modules posthorn.flask, posthorn.fastapi,
posthorn.starlette and posthorn.django take the request of these frameworks.
"""

from .errors import (
    BadScheme,
    BadSecret,
    BodyTooLarge,
    DoubledHeader,
    MalformedHeader,
    Misconfigured,
    MissingHeader,
    MissingURL,
    NoMatch,
    NotRawBody,
    RequestRefused,
    TooNew,
    TooOld,
    UnknownFormat,
    VerificationError,
)
from .event import Event
from .scheme import Claims, Message, Scheme, formats, lookup
from ._verify import verify

__all__ = [
    "BadScheme",
    "BadSecret",
    "BodyTooLarge",
    "Claims",
    "DoubledHeader",
    "Event",
    "MalformedHeader",
    "Message",
    "Misconfigured",
    "MissingHeader",
    "MissingURL",
    "NoMatch",
    "NotRawBody",
    "RequestRefused",
    "Scheme",
    "TooNew",
    "TooOld",
    "UnknownFormat",
    "VerificationError",
    "formats",
    "lookup",
    "verify",
]
