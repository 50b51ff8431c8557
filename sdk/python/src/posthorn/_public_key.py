"""Reads public keys."""

from __future__ import annotations

import json
import re
from typing import Optional

from . import _p256
from ._asymmetric import Ed25519Key, P256Key, PublicKey
from ._encoding import BASE64, BASE64URL, HEX, decode, decode_unpadded
from .errors import BadSecret

_PREFIX = "whpk_"  # in the notation of Standard Webhooks
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s*([A-Za-z0-9+/=\s]+?)-----END \1-----")
_COORDINATE = 32

# These begin a public key in the DER of RFC 5280; what follows is the key itself.
_SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")
_SPKI_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")


#: How the DER of a public key begins in either base64, for Ed25519 and P-256.
_ED25519_DER = "MCowBQYDK2VwAyEA"
_P256_DER = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"

_POINT = 1 + 2 * _COORDINATE  # bytes


def looks_public(text: str) -> bool:
    """Whether a text is written as a public key, so that it must never be a shared secret:
    everybody knows it. The bare bytes of an Ed25519 key can't be told from a secret; those
    of a point can, because no secret is 65 bytes long and begins with 4."""
    text = text.strip()
    if text.startswith((_PREFIX, _ED25519_DER, _P256_DER)):
        return True
    if text[: 2 * len(_SPKI_P256)].lower().startswith((_SPKI_ED25519.hex(), _SPKI_P256.hex())):
        return True
    is_pem = "-----BEGIN " in text and "PRIVATE KEY-----" not in text
    return (text.startswith("{") and '"kty"' in text) or is_pem or _is_point(text)


def _is_point(text: str) -> bool:
    """Whether a text is the bare bytes of an uncompressed point of P-256."""
    padded = -(-_POINT // 3) * 4
    if len(text) == padded - 1:
        text += "="  # browsers write it without padding
    for encoding in {2 * _POINT: (HEX,), padded: (BASE64, BASE64URL)}.get(len(text), ()):
        raw = decode(encoding, text)
        if raw is not None and len(raw) == _POINT and raw[0] == 4:
            return True
    return False


def parse_public_key(text: str) -> PublicKey:
    """Reads a public key: "whpk_" and the base64 of an Ed25519 key, a JSON Web Key (RFC
    7517), PEM or the base64 of its DER, or the base64 or hex of the bare key. Raises
    BadSecret."""
    text = text.strip()
    if text.startswith("{"):
        return _parse_jwk(text)
    raw = _raw_key(text[len(_PREFIX) :] if text.startswith(_PREFIX) else text)
    if raw is None:
        raise BadSecret(detail="it is not a public key")
    return _key_of(raw)


def _raw_key(text: str) -> Optional[bytes]:
    block = _PEM.search(text)
    if block is not None:
        return decode(BASE64, "".join(block.group(2).split()))
    for encoding in (HEX, BASE64, BASE64URL):
        raw = decode(encoding, text)
        if raw is not None and len(raw) >= _COORDINATE:
            return raw
    return None


def _key_of(raw: bytes) -> PublicKey:
    if raw.startswith(_SPKI_ED25519):
        raw = raw[len(_SPKI_ED25519) :]
    if len(raw) == _COORDINATE:
        return Ed25519Key(raw)
    if raw.startswith(_SPKI_P256):
        raw = raw[len(_SPKI_P256) :]
    x, y = int.from_bytes(raw[1 : 1 + _COORDINATE], "big"), int.from_bytes(raw[1 + _COORDINATE :], "big")
    if len(raw) != 1 + 2 * _COORDINATE or raw[0] != 4 or not _p256.is_on_curve(x, y):
        raise BadSecret(detail="it is not a public key of Ed25519 or P-256")
    return P256Key(x, y)


def _parse_jwk(text: str) -> PublicKey:
    try:
        key = json.loads(text)
    except (ValueError, RecursionError):
        raise BadSecret(detail="it is not a JSON Web Key") from None
    kty, crv, x_text, y_text = (key.get(name, "") for name in ("kty", "crv", "x", "y"))
    if isinstance(x_text, str) and isinstance(y_text, str):
        x, y = decode_unpadded(x_text), decode_unpadded(y_text)
        if kty == "OKP" and crv == "Ed25519" and x is not None and len(x) == _COORDINATE:
            return Ed25519Key(x)
        if kty == "EC" and crv == "P-256" and x is not None and y is not None and len(x) == len(y) == _COORDINATE:
            return _key_of(b"\x04" + x + y)
    raise BadSecret(detail="it is not a JSON Web Key of Ed25519 or P-256")
