"""Where each built-in format puts an event's id, type and data."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Mapping, NamedTuple


class Place(NamedTuple):
    """A header, or a member of the body; neither where a format has no such place."""

    header: str = ""
    member: str = ""


class Places(NamedTuple):
    """The places of one format."""

    id: Place = Place()
    type: Place = Place()
    data: Place = Place()


#: The places of a scheme that isn't built in: its body is the data.
NOWHERE = Places()


@lru_cache(maxsize=None)
def places() -> Mapping[str, Places]:
    """The places by the format's name."""
    text = resources.files(__package__ or "posthorn").joinpath("places.json").read_text("utf-8")
    return {
        name: Places(**{of: Place(**place) for of, place in document.items()}) for name, document in json.loads(text).items()
    }
