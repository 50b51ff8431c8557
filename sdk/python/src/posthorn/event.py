"""What a receiver gets of a request that was accepted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional


@dataclass(frozen=True)
class Event:
    """An event whose request was accepted."""

    #: The bytes that came, which are what was signed.
    body: bytes = field(repr=False)
    #: The event's id, where the format signs one; it is the same in every attempt, so
    #: that a receiver can tell repetitions.
    id: Optional[str] = None
    #: When the request was signed, in UTC, where the format says so.
    timestamp: Optional[datetime] = None
    #: The index of the secret that signed. When it is no longer that of the old secret, a
    #: rotation is over for this receiver.
    secret: int = 0
    #: The name of the scheme that fitted, where a format has several.
    scheme: str = ""

    def json(self) -> Any:
        """The body, read as JSON; raises ValueError when it is none."""
        return json.loads(self.body)
