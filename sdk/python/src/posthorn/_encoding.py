"""Bytes written as text, and secrets read as keys."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Optional

from .errors import BadSecret

TEXT = "text"
HEX = "hex"
BASE64 = "base64"
BASE64URL = "base64url"

_HEX_DIGITS = re.compile(r"(?:[0-9a-fA-F]{2})*\Z")


def encode(encoding: str, raw: bytes) -> bytes:
    """Writes raw; an encoding that isn't known is taken for text."""
    if encoding == HEX:
        return binascii.hexlify(raw)
    if encoding == BASE64:
        return base64.b64encode(raw)
    if encoding == BASE64URL:
        return base64.urlsafe_b64encode(raw)
    return raw


def decode(encoding: str, text: str) -> Optional[bytes]:
    """Reads text, or gives None for what isn't exactly the encoding.

    A text has one reading, so that no second text stands for the same bytes.
    """
    if encoding == TEXT:
        return text.encode("utf-8", "surrogateescape")
    if not text.isascii():
        return None
    if encoding == HEX:
        return bytes.fromhex(text) if _HEX_DIGITS.match(text) else None
    try:
        raw = base64.b64decode(text, altchars=b"-_" if encoding == BASE64URL else None, validate=True)
    except binascii.Error:
        return None
    return raw if encode(encoding, raw) == text.encode("ascii") else None


def decode_unpadded(text: str) -> Optional[bytes]:
    """Reads base64url without padding (RFC 7515, section 2)."""
    if "=" in text:
        return None
    return decode(BASE64URL, text + "=" * (-len(text) % 4))


def key_of(secret: str, encoding: str, prefix: str) -> bytes:
    """Makes the signing key out of a secret.

    A secret that begins with prefix loses it and is read in the encoding; where a
    prefix is expected and missing, the secret's text is the key. An empty prefix
    means that every secret is read in the encoding. Raises BadSecret, which shows
    nothing of the secret.
    """
    if secret == "":
        raise BadSecret(detail="it is empty")
    if not secret.startswith(prefix):
        return secret.encode("utf-8", "surrogateescape")
    key = decode(encoding, secret[len(prefix) :])
    if not key:
        raise BadSecret(detail="it is not " + encoding)
    return key
