"""Reads the signatures, the timestamp and the id out of the headers."""

from __future__ import annotations

import re
from typing import List, NamedTuple, Tuple

from ._content import Claim, placeholders_of
from ._encoding import decode
from ._headers import Received, as_bytes_text, check_value, quote, trim
from ._keys import signature_bytes
from .errors import MalformedHeader, MissingHeader, MissingURL
from .scheme import MILLISECONDS, Scheme

MAX_ENTRIES = 32  # of what nobody has vouched for yet
_TIMESTAMP = re.compile(r"[0-9]{1,15}\Z")


class Request(NamedTuple):
    """What arrived, and when: now is in microseconds since 1970. With any_time the receiver
    wants to know nothing of its time."""

    headers: Received
    body: bytes
    now: int
    url: str
    any_time: bool


def is_timestamp(text: str) -> bool:
    """Whether a text is a count of seconds or milliseconds."""
    return _TIMESTAMP.match(text) is not None


def read(s: Scheme, r: Request) -> Tuple[Claim, List[bytes]]:
    """What the headers say, and the signatures."""
    claim, texts = Claim(url=r.url), []
    for value in lines(s, r.headers):
        timestamp, found = entries(s, value)
        if claim.timestamp not in ("", timestamp):
            raise MalformedHeader(header=s.header, detail="its lines have different times")
        claim.timestamp = timestamp
        texts.extend(found)
    signatures = _decode(s, texts)
    if s.timestamp_header:
        claim.timestamp = _read_timestamp(s, r.headers, claim.timestamp)
    _read_claim(s, r, claim)
    return claim, signatures


def lines(s: Scheme, headers: Received) -> List[str]:
    """The values of the header with the signatures."""
    if not s.several_lines:
        return [headers.single(s.header)]
    values = headers.all(s.header)
    if len(values) > MAX_ENTRIES:
        raise MalformedHeader(header=s.header, detail="it stands too often")
    for value in values:
        check_value(s.header, value)
    if not values:
        raise MissingHeader(header=s.header)
    return values


def entries(s: Scheme, value: str) -> Tuple[str, List[str]]:
    """Takes apart the header with the signatures."""
    prefix, timestamp_prefix = as_bytes_text(s.prefix), as_bytes_text(s.timestamp_prefix)
    parts = value.split(as_bytes_text(s.separator), MAX_ENTRIES) if s.separator else [value]
    if len(parts) > MAX_ENTRIES:
        raise MalformedHeader(header=s.header, detail="it has too many entries")
    timestamp, signatures = "", []
    for part in map(trim, parts):
        if timestamp_prefix and part.startswith(timestamp_prefix):
            text = part[len(timestamp_prefix) :]
            if timestamp or not is_timestamp(text):
                raise MalformedHeader(
                    header=s.header, detail="it must have one time in %s after %s" % (_unit(s), s.timestamp_prefix)
                )
            timestamp = text
        elif part.startswith(prefix):
            signatures.append(part[len(prefix) :])
    if timestamp_prefix and not timestamp:
        raise MalformedHeader(header=s.header, detail="it has no time after " + s.timestamp_prefix)
    return timestamp, signatures


def nothing_begins(s: Scheme) -> MalformedHeader:
    """The error for a header without any signature."""
    return MalformedHeader(header=s.header, detail="nothing in it begins with " + quote(s.prefix))


def _decode(s: Scheme, texts: List[str]) -> List[bytes]:
    """Reads the signatures. One that can be read is enough: the others may be of a
    later version."""
    if not texts:
        raise nothing_begins(s)
    signatures = [raw for raw in (decode(s.encoding, text) for text in texts) if raw]
    if not signatures:
        raise MalformedHeader(header=s.header, detail="the signature is not " + s.encoding)
    wanted = signature_bytes(s)
    of_length = [raw for raw in signatures if wanted in (None, len(raw))]
    if not of_length:
        detail = "the signature has %d bytes, one of %s has %d" % (len(signatures[-1]), s.algorithm, wanted or 0)
        raise MalformedHeader(header=s.header, detail=detail)
    return of_length


def _read_timestamp(s: Scheme, headers: Received, beside: str) -> str:
    timestamp = headers.single(s.timestamp_header)
    if not is_timestamp(timestamp):
        raise MalformedHeader(header=s.timestamp_header, detail="%s is not a time in %s" % (quote(timestamp), _unit(s)))
    if s.timestamp_prefix and timestamp != beside:
        raise MalformedHeader(header=s.timestamp_header, detail="it differs from the time in " + s.header)
    return timestamp


def _read_claim(s: Scheme, r: Request, claim: Claim) -> None:
    """Reads what else the content names."""
    for name in placeholders_of(s.content) or ():
        if name == "url" and not r.url:
            raise MissingURL()
        if name.startswith("header."):
            claim.headers[name] = r.headers.single(name[len("header.") :])
    if not s.id_header:
        return
    claim.id = r.headers.single(s.id_header)
    if "." in claim.id:  # else the end of the id could be moved within what is signed
        raise MalformedHeader(header=s.id_header, detail="an id has no dots")


def _unit(s: Scheme) -> str:
    return "milliseconds" if s.timestamp_unit == MILLISECONDS else "seconds"
