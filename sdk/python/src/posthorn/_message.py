"""HTTP message signatures (RFC 9421) over a digest of the body (RFC 9530)."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Dict, List, Optional, Sequence, Tuple

from ._content import digest_of
from ._headers import to_bytes, to_text, trim
from ._keys import Key, matching
from ._read import Request, is_timestamp
from ._structured import Input, parse_byte_sequences, parse_inputs
from ._target import derived
from ._time import as_datetime, check_age, check_expiry, seconds
from .errors import DoubledHeader, MalformedHeader, NoMatch, VerificationError
from .event import Event
from .scheme import Message, Scheme

_INPUT = "signature-input"
_SIGNATURE = "signature"
_DIGEST = "content-digest"
_HASHES = {"sha-256": "sha256", "sha-512": "sha512"}


def verify_message(s: Scheme, keys: Sequence[Key], r: Request, tolerance: Optional[int]) -> Event:
    """Checks a message signature (RFC 9421, section 3.2): any one whose algorithm is the
    scheme's and that covers what must be covered. Others that stand beside it, those of a
    proxy for example, don't get in the way."""
    inputs, signatures = _read_message(s, r)
    _check_digest(r)
    secret, entry = _match(s, keys, inputs, signatures, r)
    event_id = None
    if s.id_header and s.id_header.lower() in entry.components:
        event_id = to_text(r.headers.single(s.id_header))
    return Event(body=r.body, signed_id=event_id, timestamp=_check_created(entry, r, tolerance), secret=secret)


def _match(
    s: Scheme, keys: Sequence[Key], inputs: Sequence[Input], signatures: Dict[str, bytes], r: Request
) -> Tuple[int, Input]:
    """The index of the secret that made one of the signatures, and what that covers. A
    signature over what the request doesn't have is passed over; if all are like that, the
    reason of the first is told."""
    signed_by: Optional[Tuple[int, Input]] = None
    failure: Optional[VerificationError] = None
    compared = 0
    for entry in inputs:
        try:
            base = _base_of(entry, r)
        except VerificationError as error:
            failure = failure or error
            continue
        compared += 1
        found = matching(keys, s, base, [signatures[entry.label]])
        if found is not None and signed_by is None:
            signed_by = found, entry
    if signed_by is not None:
        return signed_by
    if failure is not None and compared == 0:
        raise failure
    raise NoMatch(header=_SIGNATURE)


def _read_message(s: Scheme, r: Request) -> Tuple[List[Input], Dict[str, bytes]]:
    inputs = parse_inputs(r.headers.joined(_INPUT))
    if inputs is None:
        raise _no_dictionary(r, _INPUT, "it is no dictionary of lists (RFC 9421, section 4.1)")
    signatures = parse_byte_sequences(r.headers.joined(_SIGNATURE))
    if signatures is None:
        raise _no_dictionary(r, _SIGNATURE, "it is no dictionary of byte sequences (RFC 9421, section 4.2)")
    components = (s.message or Message()).components
    suitable = [
        entry
        for entry in inputs
        if entry.label in signatures
        and not entry.is_foreign
        and len(set(entry.components)) == len(entry.components)  # RFC 9421, section 2
        and all(needed in entry.components for needed in components)
        and entry.parameters.get("alg", s.algorithm) == s.algorithm
    ]
    if not suitable:
        detail = "no signature in it is made with %s and covers %s" % (s.algorithm, ", ".join(components))
        raise MalformedHeader(header=_INPUT, detail=detail)
    return suitable, signatures


def _no_dictionary(r: Request, header: str, detail: str) -> VerificationError:
    if len(r.headers.all(header)) > 1:
        return DoubledHeader(header=header)
    return MalformedHeader(header=header, detail=detail)


def _check_digest(r: Request) -> None:
    """Compares Content-Digest with the body."""
    digests = parse_byte_sequences(r.headers.single(_DIGEST))
    if digests is None:
        raise MalformedHeader(header=_DIGEST, detail="it is no dictionary of byte sequences (RFC 9530, section 2)")
    known = [name for name in _HASHES if name in digests]
    for name in known:
        if not hmac.compare_digest(digests[name], digest_of(_HASHES[name], r.body)):
            raise NoMatch(header=_DIGEST)
    if not known:
        raise MalformedHeader(header=_DIGEST, detail="it has neither sha-256 nor sha-512")


def _base_of(entry: Input, r: Request) -> bytes:
    """Makes the signature base (RFC 9421, section 2.5)."""
    base: List[bytes] = []
    for name in entry.components:
        if name.startswith("@"):
            value = derived(name, r.url).encode("utf-8", "surrogateescape")
        else:
            value = to_bytes(trim(r.headers.single(name)))
        base.append(b'"' + to_bytes(name) + b'": ' + value + b"\n")
    return b"".join(base) + b'"@signature-params": ' + to_bytes(entry.written)


def _check_created(entry: Input, r: Request, tolerance: Optional[int]) -> Optional[datetime]:
    """Checks the parameters with times. What has expired is refused whether or not the
    scheme tolerates any age."""
    signed_at = _time_of(entry, "created")
    if signed_at is None and tolerance is not None:
        raise MalformedHeader(header=_INPUT, detail="it doesn't say when the signature was created")
    if signed_at is not None:
        check_age(_INPUT, signed_at, r.now, tolerance)
    expires = _time_of(entry, "expires")
    if expires is not None and not r.any_time:
        check_expiry(_INPUT, expires, r.now)
    return None if signed_at is None else as_datetime(_INPUT, signed_at)


def _time_of(entry: Input, parameter: str) -> Optional[int]:
    text = entry.parameters.get(parameter)
    if text is None:
        return None
    if not is_timestamp(text):
        raise MalformedHeader(header=_INPUT, detail=parameter + " is not a time in seconds")
    return seconds(int(text))
