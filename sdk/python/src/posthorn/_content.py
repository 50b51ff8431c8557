"""What is signed: the scheme's content with its placeholders filled in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

from ._encoding import BASE64, BASE64URL, HEX, encode
from ._headers import to_bytes
from .scheme import Scheme


@dataclass
class Claim:
    """What a request says about itself beside its body, as it was received."""

    id: str = ""
    timestamp: str = ""
    url: str = ""
    #: Those that the content names, by the name it uses.
    headers: Dict[str, str] = field(default_factory=dict)


def placeholders_of(content: str) -> Optional[List[str]]:
    """The names within braces, or None when the braces don't fit."""
    names: List[str] = []
    while True:
        literal, opened, rest = content.partition("{")
        if "}" in literal:
            return None
        if not opened:
            return names
        name, closed, content = rest.partition("}")
        if not closed:
            return None
        names.append(name)


def digest_name(name: str) -> Optional[Tuple[str, str]]:
    """Takes "digest.sha256.hex" apart into hash and encoding."""
    kind, _, rest = name.partition(".")
    hash_name, written, encoding = rest.partition(".")
    if not written:
        encoding = BASE64
    if kind != "digest" or hash_name not in ("sha256", "sha512") or encoding not in (HEX, BASE64, BASE64URL):
        return None
    return hash_name, encoding


def digest_of(hash_name: str, body: bytes) -> bytes:
    """The body's SHA-512 if that is the name, else its SHA-256."""
    return hashlib.sha512(body).digest() if hash_name == "sha512" else hashlib.sha256(body).digest()


def content_of(scheme: Scheme, claim: Claim, body: bytes) -> bytes:
    """Fills in the placeholders in one pass, so that a value which looks like a
    placeholder stays what it is."""
    written: List[bytes] = []
    rest = scheme.content
    while rest:
        literal, opened, placeholder = rest.partition("{")
        written.append(literal.encode("utf-8"))
        if not opened:
            break
        name, _, rest = placeholder.partition("}")
        written.append(_value_of(name, claim, body))
    return b"".join(written)


def _value_of(name: str, claim: Claim, body: bytes) -> bytes:
    if name == "id":
        return to_bytes(claim.id)
    if name == "timestamp":
        return to_bytes(claim.timestamp)
    if name == "url":
        return claim.url.encode("utf-8", "surrogateescape")
    if name == "body":
        return body
    digest = digest_name(name)
    if digest is not None:
        return encode(digest[1], digest_of(digest[0], body))
    return to_bytes(claim.headers.get(name, ""))
