"""Signatures that a public key verifies.

If the package cryptography is installed it does the arithmetic, many times faster;
else it is done here.
"""

from __future__ import annotations

from typing import Any, Optional, Tuple, Union

from . import _ed25519, _p256

try:
    from cryptography import exceptions
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
except ImportError:
    _HAS_CRYPTOGRAPHY = False
else:
    _HAS_CRYPTOGRAPHY = True

_NUMBER = 32  # bytes of a number of P-256


class Ed25519Key:
    """A public key of Ed25519: its 32 bytes."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def is_signed(self, content: bytes, signature: bytes, form: str) -> bool:
        """Whether the key's owner made the signature; form means nothing here."""
        if not _HAS_CRYPTOGRAPHY:
            return _ed25519.verify(self.raw, content, signature)
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, content)
        except (exceptions.InvalidSignature, ValueError):
            return False
        return True


class P256Key:
    """A public key over P-256: a point of the curve."""

    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y

    def is_signed(self, content: bytes, signature: bytes, form: str) -> bool:
        """Whether the key's owner made the signature, which is written as der or raw."""
        numbers = _raw_numbers(signature) if form == "raw" else _der_numbers(signature)
        if numbers is None:
            return False
        if not _HAS_CRYPTOGRAPHY:
            return _p256.verify(self.x, self.y, content, *numbers)
        algorithm: Any = ec.ECDSA(hashes.SHA256())
        try:
            key = ec.EllipticCurvePublicNumbers(self.x, self.y, ec.SECP256R1()).public_key()
            key.verify(utils.encode_dss_signature(*numbers), content, algorithm)
        except (exceptions.InvalidSignature, ValueError):
            return False
        return True


PublicKey = Union[Ed25519Key, P256Key]


def _raw_numbers(signature: bytes) -> Optional[Tuple[int, int]]:
    """Both numbers as 32 bytes each (RFC 7518, section 3.4)."""
    if len(signature) != 2 * _NUMBER:
        return None
    return int.from_bytes(signature[:_NUMBER], "big"), int.from_bytes(signature[_NUMBER:], "big")


def _der_numbers(signature: bytes) -> Optional[Tuple[int, int]]:
    """The DER of RFC 3279, section 2.2.3; no signature of P-256 needs long lengths."""
    if len(signature) < 2 or signature[0] != 0x30 or signature[1] != len(signature) - 2 or signature[1] > 127:
        return None
    first = _der_number(signature[2:])
    if first is None:
        return None
    second = _der_number(first[1])
    if second is None or second[1]:
        return None
    return first[0], second[0]


def _der_number(text: bytes) -> Optional[Tuple[int, bytes]]:
    """A number above zero in as few bytes as it takes, and what stands behind it."""
    if len(text) < 2 or text[0] != 0x02:
        return None
    number, rest = text[2 : 2 + text[1]], text[2 + text[1] :]
    if len(number) != text[1] or not 1 <= len(number) <= _NUMBER + 1 or number[0] > 127:
        return None
    if len(number) > 1 and number[0] == 0 and number[1] < 128:
        return None
    return int.from_bytes(number, "big"), rest
