"""ECDSA verification over P-256 with SHA-256 (FIPS 186-5) without any dependency.

It handles public keys, signatures and messages that everybody may see, so that the
time it takes tells nothing that is secret: plain integers will do. Nothing here may
ever be used to sign.
"""

from __future__ import annotations

import hashlib
from typing import Tuple

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B

#: A point in Jacobian coordinates: x = X/Z², y = Y/Z³; Z is 0 at infinity.
_Point = Tuple[int, int, int]
_INFINITY: _Point = (1, 1, 0)
_BASE: _Point = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    1,
)


def is_on_curve(x: int, y: int) -> bool:
    """Whether two coordinates are a point of the curve, which is never infinity."""
    return 0 <= x < _P and 0 <= y < _P and (y * y - x * x * x + 3 * x - _B) % _P == 0


def _double(a: _Point) -> _Point:
    x, y, z = a
    if z == 0 or y == 0:
        return _INFINITY
    delta, gamma = z * z % _P, y * y % _P
    beta = x * gamma % _P
    alpha = 3 * (x - delta) * (x + delta) % _P
    x3 = (alpha * alpha - 8 * beta) % _P
    return x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % _P, ((y + z) ** 2 - gamma - delta) % _P


def _add(a: _Point, b: _Point) -> _Point:
    if a[2] == 0:
        return b
    if b[2] == 0:
        return a
    za, zb = a[2] * a[2] % _P, b[2] * b[2] % _P
    ua, ub = a[0] * zb % _P, b[0] * za % _P
    sa, sb = a[1] * b[2] * zb % _P, b[1] * a[2] * za % _P
    h, r = (ub - ua) % _P, (sb - sa) % _P
    if h == 0:
        return _double(a) if r == 0 else _INFINITY
    h2 = h * h % _P
    h3, v = h * h2 % _P, ua * h2 % _P
    x3 = (r * r - h3 - 2 * v) % _P
    return x3, (r * (v - x3) - sa * h3) % _P, a[2] * b[2] * h % _P


def verify(x: int, y: int, content: bytes, r: int, s: int) -> bool:
    """Whether the owner of the public key (x, y) made the signature (r, s) over content."""
    if not is_on_curve(x, y) or not 0 < r < _N or not 0 < s < _N:
        return False
    digest = int.from_bytes(hashlib.sha256(content).digest(), "big")
    inverse = pow(s, -1, _N)
    u, v = digest * inverse % _N, r * inverse % _N
    key = (x, y, 1)
    both, point = _add(_BASE, key), _INFINITY
    for bit in range(max(u.bit_length(), v.bit_length()) - 1, -1, -1):
        point = _double(point)
        chosen = (u >> bit & 1, v >> bit & 1)
        if chosen == (1, 1):
            point = _add(point, both)
        elif chosen == (1, 0):
            point = _add(point, _BASE)
        elif chosen == (0, 1):
            point = _add(point, key)
    if point[2] == 0:
        return False
    return point[0] * pow(point[2] * point[2], -1, _P) % _P % _N == r
