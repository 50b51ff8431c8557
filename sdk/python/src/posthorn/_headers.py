"""The headers of a request, in whatever shape a framework has them.

Values are kept as text of which each character stands for one byte (ISO 8859-1),
as WSGI and ASGI frameworks give them, so that exactly what came is signed.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Sequence, Tuple, Union

from .errors import DoubledHeader, MalformedHeader, MissingHeader

#: What verify takes as headers: a mapping from names to a value or a list of them, a
#: framework's own headers, or pairs as ASGI has them.
Headers = Union[Mapping[str, Any], Iterable[Tuple[Union[str, bytes], Union[str, bytes]]]]

MAX_VALUE = 8 << 10


class Received:
    """The headers as they came, found by name in upper and lower case alike."""

    def __init__(self, headers: Headers) -> None:
        self._values: Dict[str, List[str]] = {}
        items = getattr(headers, "items", None)
        pairs: Iterable[Tuple[Any, Any]] = items() if callable(items) else headers
        for name, value in pairs:
            several: Sequence[Any] = value if isinstance(value, (list, tuple)) else [value]
            self._values.setdefault(as_bytes_text(name).lower(), []).extend(as_bytes_text(v) for v in several)

    def all(self, name: str) -> List[str]:
        """All values of a header, in the order that they came in."""
        return self._values.get(name.lower(), [])

    def single(self, name: str) -> str:
        """The value of a header that must stand exactly once."""
        values = self.all(name)
        if not values:
            raise MissingHeader(header=name)
        if len(values) > 1:
            raise DoubledHeader(header=name)
        check_value(name, values[0])
        return values[0]

    def joined(self, name: str) -> str:
        """The value of a header whose members may stand in several lines: a proxy may have
        added one (RFC 9651, section 3.2)."""
        values = self.all(name)
        if not values:
            raise MissingHeader(header=name)
        value = ", ".join(values)
        check_value(name, value)
        return value


def check_value(name: str, value: str) -> None:
    """Raises MalformedHeader for a value that is empty or beyond bounds."""
    if value == "":
        raise MalformedHeader(header=name, detail="it is empty")
    if len(value) > MAX_VALUE:
        raise MalformedHeader(header=name, detail="it is too long")


def as_bytes_text(value: Union[str, bytes]) -> str:
    """The text of which each character is a byte."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not isinstance(value, str):
        raise TypeError("headers have names and values of str or bytes, not %s" % type(value).__name__)
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
    return value


def to_bytes(text: str) -> bytes:
    """The bytes that a received text stands for."""
    return text.encode("latin-1")


def to_text(text: str) -> str:
    """A received text for people and programs, read as UTF-8."""
    return to_bytes(text).decode("utf-8", "backslashreplace")


def trim(text: str) -> str:
    """The text without white space around it."""
    return text.strip("\t\n\v\f\r ")


def quote(text: str) -> str:
    """Shows a text that somebody else chose, on one line and not for ever."""
    return ascii(text[:64])
