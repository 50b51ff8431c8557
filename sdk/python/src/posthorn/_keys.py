"""Secrets and public keys, ready to verify with."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Callable, List, NamedTuple, Optional, Sequence

from ._asymmetric import Ed25519Key, PublicKey
from ._encoding import encode, key_of
from ._public_key import looks_public, parse_public_key
from .errors import BadSecret
from .scheme import Scheme

_HASHES = {
    "hmac-sha1": hashlib.sha1,
    "hmac-sha256": hashlib.sha256,
    "hmac-sha512": hashlib.sha512,
    "jwt-hs256": hashlib.sha256,
}


_LENGTHS = {"hmac-sha1": 20, "hmac-sha256": 32, "hmac-sha512": 64, "ed25519": 64}
_RAW_P256_BYTES = 64


def signature_bytes(s: Scheme) -> Optional[int]:
    """How long every signature of the scheme is; None where that differs from one to the next."""
    if s.algorithm == "ecdsa-p256-sha256" and s.ecdsa == "raw":
        return _RAW_P256_BYTES
    return _LENGTHS.get(s.algorithm)


@dataclass(frozen=True)
class Key:
    """A secret or a public key; index is the place of the secret it was made of."""

    index: int
    shared: bytes = field(repr=False)  # secrets stay out of logs and of tracebacks
    public: Optional[PublicKey]

    def checker(self, scheme: Scheme, content: bytes) -> Callable[[bytes], bool]:
        """What tells, in constant time, whether a signature is the key's over content."""
        if self.public is not None:
            public = self.public
            return lambda signature: public.is_signed(content, signature, scheme.ecdsa)
        expected = hmac.new(self.shared, content, _HASHES[scheme.algorithm]).digest()
        return lambda signature: hmac.compare_digest(expected, signature)


class Kinds(NamedTuple):
    """The kinds of keys that the schemes of a format take between them."""

    shared: bool
    public: bool


def kinds_of(schemes: Sequence[Scheme]) -> Kinds:
    """What kinds of keys the schemes take."""
    return Kinds(not all(s.is_asymmetric for s in schemes), any(s.is_asymmetric for s in schemes))


def keys_of(scheme: Scheme, secrets: Sequence[str], takes: Kinds) -> List[Key]:
    """Makes keys of the secrets. It takes those of the scheme's kind, and leaves those that
    are for its alternatives. Which kind a secret is depends on nothing but its text and the
    format, so that no text is tried as both."""
    if not secrets:
        raise BadSecret(detail="none was given")
    keys: List[Key] = []
    for index, secret in enumerate(secrets):
        is_public = not takes.shared or looks_public(secret)
        if takes.public and is_public != scheme.is_asymmetric:
            continue
        if is_public and not scheme.is_asymmetric:
            raise BadSecret(detail="it is written as a public key, which everybody knows")
        if scheme.is_asymmetric:
            keys.append(Key(index, b"", _public_key(scheme, secret)))
        elif scheme.algorithm == "token" and secret:
            keys.append(Key(index, encode(scheme.encoding, secret.encode("utf-8", "surrogateescape")), None))
        else:
            keys.append(Key(index, key_of(secret, scheme.key, scheme.key_prefix), None))
    return keys


def matching(keys: Sequence[Key], scheme: Scheme, content: bytes, signatures: Sequence[bytes]) -> Optional[int]:
    """The index of the secret that made one of the signatures. All pairs are compared, so
    that the time taken doesn't tell which one it was."""
    found: Optional[int] = None
    for key in keys:
        check = key.checker(scheme, content)
        for signature in signatures:
            if check(signature) and found is None:
                found = key.index
    return found


def _public_key(scheme: Scheme, secret: str) -> PublicKey:
    public = parse_public_key(secret)
    if isinstance(public, Ed25519Key) != (scheme.algorithm == "ed25519"):
        raise BadSecret(detail="it is not a key for " + scheme.algorithm)
    return public
