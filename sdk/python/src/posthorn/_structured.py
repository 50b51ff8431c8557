"""The parts of Structured Field Values (RFC 9651) that message signatures need.

They are dictionaries whose members are byte sequences, or lists of strings with
parameters. What else a dictionary may hold is not read.
"""

from __future__ import annotations

import re
from typing import Dict, List, NamedTuple, Optional, Pattern

from ._encoding import BASE64, decode
from ._read import MAX_ENTRIES

_NAME = re.compile(r"[a-z0-9_\-.*]+")
_BYTES = re.compile(r"=:([^:]*):")
_STRING = re.compile(r'"([^"\\]*)"')  # no name or value of ours has escapes
_DIGITS = re.compile(r"[0-9]+")
_SPACES = re.compile(r" +")
_BETWEEN = re.compile(r"[ \t]*,[ \t]*(?!\Z)")
_END = re.compile(r"[ \t]*\Z")
_OPEN = re.compile(r"=\(")
_CLOSE = re.compile(r"\)")
_PARAMETER = re.compile(r";([a-z0-9_\-.*]+)=")


class Input(NamedTuple):
    """One entry of Signature-Input: what a signature covers."""

    label: str
    #: The entry's value as it stood there, which is signed.
    written: str
    components: List[str]
    parameters: Dict[str, str]


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


def parse_byte_sequences(value: str) -> Optional[Dict[str, bytes]]:
    """Reads label=:base64:, …; no label may stand twice."""
    reader, read = _Reader(value), {}
    for _ in range(MAX_ENTRIES):
        name, encoded = reader.take(_NAME), reader.take(_BYTES)
        raw = None if encoded is None else decode(BASE64, encoded)
        if name is None or raw is None or name in read:
            return None
        read[name] = raw
        if reader.take(_END) is not None:
            return read
        if reader.take(_BETWEEN) is None:
            return None
    return None


def parse_inputs(value: str) -> Optional[List[Input]]:
    """Reads label=("component" …);name=value, …; no label may stand twice."""
    reader = _Reader(value)
    inputs: List[Input] = []
    for _ in range(MAX_ENTRIES):
        label = reader.take(_NAME)
        before = reader.at + 1
        if label is None or label in [other.label for other in inputs] or reader.take(_OPEN) is None:
            return None
        components = _read_components(reader)
        parameters = None if components is None else _read_parameters(reader)
        if components is None or parameters is None:
            return None
        inputs.append(Input(label, value[before : reader.at], components, parameters))
        if reader.take(_END) is not None:
            return inputs
        if reader.take(_BETWEEN) is None:
            return None
    return None


def _read_components(reader: _Reader) -> Optional[List[str]]:
    components: List[str] = []
    while reader.take(_CLOSE) is None:
        if components and reader.take(_SPACES) is None:
            return None
        name = reader.take(_STRING)
        if name is None or len(components) >= MAX_ENTRIES:
            return None
        components.append(name)
    return components


def _read_parameters(reader: _Reader) -> Optional[Dict[str, str]]:
    parameters: Dict[str, str] = {}
    while reader.text.startswith(";", reader.at):
        name = reader.take(_PARAMETER)
        if name is None or name in parameters:
            return None
        text = reader.take(_STRING)
        if text is None:
            text = reader.take(_DIGITS)
        if text is None:
            return None
        parameters[name] = text
    return parameters
