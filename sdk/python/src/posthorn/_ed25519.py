"""Ed25519 verification (RFC 8032, section 5.1) without any dependency.

It handles public keys, signatures and messages that everybody may see, so that the
time it takes tells nothing that is secret: plain integers will do. Nothing here may
ever be used to sign.
"""

from __future__ import annotations

import hashlib
from typing import Optional, Tuple

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493  # the order of the base point
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

#: A point in extended coordinates: x = X/Z, y = Y/Z, x*y = T/Z.
_Point = Tuple[int, int, int, int]
_NEUTRAL: _Point = (0, 1, 1, 0)


def _add(a: _Point, b: _Point) -> _Point:
    u = (a[1] - a[0]) * (b[1] - b[0]) % _P
    v = (a[1] + a[0]) * (b[1] + b[0]) % _P
    w = 2 * a[3] * b[3] * _D % _P
    z = 2 * a[2] * b[2] % _P
    e, f, g, h = v - u, z - w, z + w, v + u
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _decode(text: bytes) -> Optional[_Point]:
    """Section 5.1.3."""
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, (y & ((1 << 255) - 1)) % _P
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P:
        return None
    if x & 1 != sign:
        x = -x % _P
    return x, y, 1, x * y % _P


def _encode(point: _Point) -> bytes:
    """Section 5.1.2."""
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE = _decode((4 * pow(5, -1, _P) % _P).to_bytes(32, "little")) or _NEUTRAL


def verify(public: bytes, content: bytes, signature: bytes) -> bool:
    """Whether the owner of the 32 bytes of public key made the signature over content."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, s = _decode(public), int.from_bytes(signature[32:], "little")
    if key is None or s >= _L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + content).digest(), "little") % _L
    # [s]B - [k]A must be R; both products are made in one run over the bits.
    minus = (-key[0] % _P, key[1], key[2], -key[3] % _P)
    both, point = _add(_BASE, minus), _NEUTRAL
    for bit in range(max(s.bit_length(), k.bit_length()) - 1, -1, -1):
        point = _add(point, point)
        chosen = (s >> bit & 1, k >> bit & 1)
        if chosen == (1, 1):
            point = _add(point, both)
        elif chosen == (1, 0):
            point = _add(point, _BASE)
        elif chosen == (0, 1):
            point = _add(point, minus)
    return _encode(point) == signature[:32]
