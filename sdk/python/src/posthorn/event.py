"""What a receiver gets of a request that was accepted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Optional

from ._headers import Received, to_text
from ._places import NOWHERE, Place, Places


@dataclass(frozen=True)
class Event:
    """An event whose request was accepted. The body is parsed when somebody first asks for
    what is in it."""

    #: The bytes that came, which are what was signed.
    body: bytes = field(repr=False)
    #: The id, if it is part of what the format signs beside the body.
    signed_id: Optional[str] = None
    #: When the request was signed, in UTC; None where the format doesn't say.
    timestamp: Optional[datetime] = None
    #: The index of the secret that signed. When it is no longer that of the old secret, a
    #: rotation is over for this receiver.
    secret: int = 0
    #: The name of the scheme that fitted, where a format has several.
    scheme: str = ""
    _headers: Received = field(default_factory=lambda: Received(()), repr=False, compare=False)
    _places: Places = field(default=NOWHERE, repr=False, compare=False)

    @property
    def id(self) -> Optional[str]:
        """The event's id, the same in every attempt, so that a receiver can tell
        repetitions; None where the format doesn't send one. Formats whose body is the data
        alone (github, shopify) send it in a header that isn't signed."""
        return self.signed_id or self._text_at(self._places.id)

    @property
    def type(self) -> Optional[str]:
        """The event's type; None where the format doesn't send one, or is a declared
        scheme. Formats whose body is the data alone (github, shopify, cloudevents-binary)
        send it in a header that isn't signed."""
        return self._text_at(self._places.type)

    @property
    def data(self) -> Any:
        """What the event is about: its data, or the whole body where the format is a
        declared scheme. Raises ValueError when the body isn't JSON."""
        member = self._places.data.member
        return _member_of(self.json(), member) if member else self.json()

    def json(self) -> Any:
        """The whole body, read as JSON; raises ValueError when it is none. Numbers become
        those of Python; who needs every digit reads body."""
        return self._parsed

    @cached_property
    def _parsed(self) -> Any:
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("the body is nested too deeply") from None

    def _text_at(self, place: Place) -> Optional[str]:
        if place.header:
            values = self._headers.all(place.header)
            return to_text(values[0]) if len(values) == 1 else None
        if not place.member:
            return None
        try:
            value = _member_of(self.json(), place.member)
        except ValueError:
            return None  # the body isn't JSON, which data tells
        return value if isinstance(value, str) else None


def _member_of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
