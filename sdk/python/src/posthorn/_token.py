"""Secrets that are sent as they are, and JSON Web Tokens."""

from __future__ import annotations

import hmac
import json
from datetime import datetime
from typing import Any, Dict, List, NoReturn, Optional, Sequence, Tuple

from ._content import digest_of
from ._encoding import decode_unpadded, encode
from ._headers import as_bytes_text, quote, to_bytes
from ._keys import Key, matching
from ._read import Request, entries, lines, nothing_begins
from ._time import as_datetime, check_age, check_beginning, check_expiry, seconds
from .errors import MalformedHeader, NoMatch
from .event import Event
from .scheme import Claims, Scheme

_FARTHEST = 253_402_300_799  # seconds: the end of the year 9999, the last that every language has


def verify_token(s: Scheme, keys: Sequence[Key], r: Request) -> Event:
    """Compares a secret that is sent as it is."""
    texts: List[str] = []
    for value in lines(s, r.headers):
        texts.extend(entries(s, value)[1])
    if not texts:
        raise nothing_begins(s)
    found: Optional[int] = None
    for key in keys:
        for text in texts:
            if hmac.compare_digest(key.shared, to_bytes(text)) and found is None:
                found = key.index
    if found is None:
        raise NoMatch(header=s.header)
    return Event(body=r.body, secret=found)


def verify_claims(s: Scheme, keys: Sequence[Key], r: Request, tolerance: Optional[int]) -> Event:
    """Checks a JSON Web Token (RFC 7515, section 5.2) and that it vouches for the body."""
    names = s.claims or Claims()
    value, prefix = r.headers.single(s.header), as_bytes_text(s.prefix)
    token = value[len(prefix) :]
    parts = token.split(".")
    if not value.startswith(prefix) or len(parts) != 3:
        raise MalformedHeader(header=s.header, detail="it holds no JSON Web Token after " + quote(s.prefix))
    claims, signature = _read_token(s, parts)
    found = matching(keys, s, to_bytes(token.rpartition(".")[0]), [signature])
    vouched = claims.get(names.digest)
    text = vouched.encode("utf-8", "surrogatepass") if isinstance(vouched, str) else b""
    is_body = hmac.compare_digest(encode(names.encoding, digest_of(names.hash, r.body)), text)
    if found is None or not is_body:
        raise NoMatch(header=s.header)
    timestamp = _check_claimed_times(s, claims, r, tolerance)
    event_id = claims.get(names.id) if names.id else None
    return Event(body=r.body, signed_id=event_id if isinstance(event_id, str) else None, timestamp=timestamp, secret=found)


def _check_claimed_times(s: Scheme, claims: Dict[str, Any], r: Request, tolerance: Optional[int]) -> Optional[datetime]:
    """The moment of signing, if the token says it. exp and nbf bound every token (RFC 7519,
    section 4.1), whether or not the scheme names them."""
    names, timestamp = s.claims or Claims(), None
    if names.timestamp:
        signed_at = _claimed_time(s, claims, names.timestamp)
        check_age(s.header, signed_at, r.now, tolerance)
        timestamp = as_datetime(s.header, signed_at)
    for name in (names.expires, "exp"):
        if name and (name in claims or name == names.expires):
            expires = _claimed_time(s, claims, name)
            if not r.any_time:
                check_expiry(s.header, expires, r.now)
    if "nbf" in claims:
        begins = _claimed_time(s, claims, "nbf")
        if not r.any_time:
            check_beginning(s.header, begins, r.now, tolerance or 0)
    return timestamp


def _read_token(s: Scheme, parts: Sequence[str]) -> Tuple[Dict[str, Any], bytes]:
    """Reads a token that says it was made with HS256 and nothing else."""
    decoded = [decode_unpadded(part) for part in parts]
    if decoded[0] is None or decoded[1] is None or decoded[2] is None:
        raise MalformedHeader(header=s.header, detail="the token is not base64url")
    header, claims = _read_object(decoded[0]), _read_object(decoded[1])
    if header is None or header.get("alg") != "HS256" or header.get("crit") is not None:
        raise MalformedHeader(header=s.header, detail="the token was not made with HS256")
    if claims is None:
        raise MalformedHeader(header=s.header, detail="the token's claims are not a JSON object")
    return claims, decoded[2]


def _read_object(text: bytes) -> Optional[Dict[str, Any]]:
    try:
        value = json.loads(text.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant + " is not JSON")


def _claimed_time(s: Scheme, claims: Dict[str, Any], name: str) -> int:
    count = claims.get(name)
    if isinstance(count, bool) or not isinstance(count, (int, float)) or not 0 <= count <= _FARTHEST:
        raise MalformedHeader(header=s.header, detail="the token has no time as " + quote(name))
    return seconds(int(count))
