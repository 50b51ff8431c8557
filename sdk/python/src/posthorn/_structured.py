"""Dictionaries of Structured Field Values (RFC 9651).

Others may add members to those of a message signature, of any kind: each is read to its
end, and what isn't needed is passed over.
"""

from __future__ import annotations

import re
from typing import Dict, List, NamedTuple, Optional, Pattern, Union

from ._encoding import BASE64, decode
from ._read import MAX_ENTRIES

_NAME = re.compile(r"[a-z0-9_\-.*]+")
_STRING = re.compile(r'"([^"\\]*)"')
_ESCAPED = re.compile(r'"(?:[^"\\]|\\["\\])*"')
#: Bytes, number, date, boolean, display string, token (RFC 9651, section 3.3).
_OTHER = re.compile(
    r":[A-Za-z0-9+/=]*:|[@-]?[0-9.]+|\?[01]|%\"[^\"\x00-\x1f\x7f-\U0010ffff]*\"|[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*"
)
_SPACES = re.compile(r" +")
_BETWEEN = re.compile(r"[ \t]*,[ \t]*(?!\Z)")
_END = re.compile(r"[ \t]*\Z")
_EQUALS = re.compile(r"=")
_OPEN = re.compile(r"\( *")
_CLOSE = re.compile(r"\)")
_PARAMETER = re.compile(r"; *([a-z0-9_\-.*]+)")


class Input(NamedTuple):
    """One entry of Signature-Input: what a signature covers."""

    label: str
    #: The entry's value as it stood there, which is signed.
    written: str
    components: List[str]
    parameters: Dict[str, str]
    #: It covers something that no scheme can name, such as a component with parameters.
    is_foreign: bool


class _Reader:
    """Reads a header's value from the left."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def take(self, pattern: Pattern[str]) -> Optional[str]:
        """What the pattern finds here: its group if it has one."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found.group(found.lastindex or 0)

    def item(self) -> Optional[str]:
        """A value: a string's text, and everything else as it is written. So is a string
        with escapes: no name or value of ours has any."""
        for pattern in (_STRING, _ESCAPED, _OTHER):
            found = self.take(pattern)
            if found is not None:
                return found
        return None

    def parameters(self) -> Optional[Dict[str, str]]:
        """Reads ;name=value;name …; no name may stand twice."""
        read: Dict[str, str] = {}
        while self.text.startswith(";", self.at):
            name = self.take(_PARAMETER)
            if name is None or name in read or len(read) >= MAX_ENTRIES:
                return None
            value = "?1" if self.take(_EQUALS) is None else self.item()
            if value is None:
                return None
            read[name] = value
        return read

    def list(self, label: str) -> Optional[Input]:
        """Reads ("component";parameters …);parameters. Components of which more is said
        than their name are none that a scheme names."""
        start, is_foreign = self.at, False
        components: List[str] = []
        self.take(_OPEN)
        while self.take(_CLOSE) is None:
            is_name = self.text.startswith('"', self.at)
            component, said = self.item(), self.parameters()
            if component is None or said is None or len(components) >= MAX_ENTRIES:
                return None
            if self.take(_SPACES) is None and not self.text.startswith(")", self.at):
                return None
            is_foreign = is_foreign or not is_name or bool(said) or "\\" in component
            components.append(component)
        parameters = self.parameters()
        if parameters is None:
            return None
        return Input(label, self.text[start : self.at], components, parameters, is_foreign)


#: A list; any other value as it is written; or "" for a name alone.
_Member = Union[Input, str]


def _member(reader: _Reader, name: str) -> Optional[_Member]:
    written = ""
    if reader.take(_EQUALS) is not None:
        if reader.text.startswith("(", reader.at):
            return reader.list(name)
        start = reader.at
        if reader.item() is None:
            return None
        written = reader.text[start : reader.at]
    return None if reader.parameters() is None else written


def _dictionary(value: str) -> Optional[Dict[str, _Member]]:
    """Reads name=member, …; no name may stand twice."""
    reader = _Reader(value)
    members: Dict[str, _Member] = {}
    for _ in range(MAX_ENTRIES):
        name = reader.take(_NAME)
        member = None if name is None or name in members else _member(reader, name)
        if name is None or member is None:
            return None
        members[name] = member
        if reader.take(_END) is not None:
            return members
        if reader.take(_BETWEEN) is None:
            return None
    return None


def parse_byte_sequences(value: str) -> Optional[Dict[str, bytes]]:
    """Reads label=:base64:, …; labels of anything else are left out."""
    members = _dictionary(value)
    if members is None:
        return None
    read: Dict[str, bytes] = {}
    for label, member in members.items():
        if isinstance(member, str) and member.startswith(":"):
            raw = decode(BASE64, member[1:-1])
            if raw is not None:
                read[label] = raw
    return read


def parse_inputs(value: str) -> Optional[List[Input]]:
    """Reads label=("component" …);name=value, …; labels of anything else are left out."""
    members = _dictionary(value)
    if members is None:
        return None
    return [member for member in members.values() if isinstance(member, Input)]
