"""Finds what would make a scheme of somebody's own verify less than it seems to."""

from __future__ import annotations

import math
from typing import Sequence

from ._content import digest_name, placeholders_of
from ._encoding import BASE64, BASE64URL, HEX, TEXT
from .errors import BadScheme
from .scheme import MILLISECONDS, SECONDS, Scheme

_MAX_ALTERNATIVES = 8  # bounds what a request may cost
_WRITTEN = (HEX, BASE64, BASE64URL)


def validate(scheme: Scheme) -> None:
    """Raises BadScheme for a scheme that makes no sense."""
    if len(scheme.alternatives) > _MAX_ALTERNATIVES:
        raise BadScheme(detail="it has too many alternatives")
    for alternative in scheme.alternatives:
        if alternative.alternatives:
            raise BadScheme(detail="an alternative has no alternatives of its own")
        _check_one(alternative)
    _check_one(scheme)
    schemes = (scheme,) + scheme.alternatives
    check_times_agree([one.tolerance_seconds > 0 or one.expires for one in schemes])


def check_times_agree(bound: Sequence[bool]) -> None:
    """Refuses schemes of which some bound the time of a request and others don't. Whoever
    keeps a request that is signed in both ways could take the signature over the time
    away, and what is left would be accepted for ever. Raises BadScheme."""
    if any(bound) and not all(bound):
        detail = "of schemes side by side all tolerate a time, or none does: leave out those without a tolerance"
        raise BadScheme(detail=detail)


def _check_one(s: Scheme) -> None:
    if not 0 <= s.tolerance_seconds < math.inf:
        raise BadScheme(detail="a tolerance must not be negative")
    if s.message is not None:
        _check_message(s)
    elif s.header == "":
        raise BadScheme(detail="it names no header for the signature")
    elif s.algorithm == "token":
        _check_token(s)
    elif s.algorithm == "jwt-hs256":
        _check_claims(s)
    else:
        _check_content(s)
        _check_encodings(s)


def _check_content(s: Scheme) -> None:
    names = placeholders_of(s.content)
    for name in names or ():
        is_header = name.startswith("header.") and name != "header."
        if name not in ("body", "timestamp", "id", "url") and not is_header and digest_name(name) is None:
            names = None
            break
    if names is None:
        raise BadScheme(detail="what is signed may have {id}, {timestamp}, {body}, {url}, {header.NAME} and digests only")
    if not any(name == "body" or digest_name(name) for name in names):
        raise BadScheme(detail="what is signed lacks {body}")
    if ("id" in names) != (s.id_header != ""):
        raise BadScheme(detail="an id must be both signed and in a header, or neither")
    if ("timestamp" in names) != (s.timestamp_header != "" or s.timestamp_prefix != ""):
        raise BadScheme(detail="a timestamp must be both signed and in a header, or neither")
    if s.separator == "" and s.timestamp_prefix != "":
        raise BadScheme(detail="a timestamp beside the signature needs a separator")
    if (s.prefix != "" and s.prefix == s.timestamp_prefix) or (s.prefix == "" and s.separator != ""):
        raise BadScheme(detail="among several entries, those with a signature need a prefix of their own")
    if s.timestamp_unit not in ("", SECONDS, MILLISECONDS):
        raise BadScheme(detail="a timestamp counts s or ms")
    if s.tolerance_seconds > 0 and "timestamp" not in names:
        raise BadScheme(detail="a tolerance needs a timestamp")


def _check_encodings(s: Scheme) -> None:
    if s.encoding not in _WRITTEN:
        raise BadScheme(detail="the encoding of the signature must be hex, base64 or base64url")
    if s.is_asymmetric:
        if s.algorithm == "ecdsa-p256-sha256" and s.ecdsa not in ("der", "raw"):
            raise BadScheme(detail="an ECDSA signature is der or raw")
        return
    if s.algorithm not in ("hmac-sha1", "hmac-sha256", "hmac-sha512"):
        raise BadScheme(detail="the algorithm %r has no keyed hash" % s.algorithm[:64])
    _check_key(s)


def _check_key(s: Scheme) -> None:
    if s.key not in (TEXT, HEX, BASE64, BASE64URL):
        raise BadScheme(detail="the key must be text, hex, base64 or base64url")


def _check_token(s: Scheme) -> None:
    several_without_prefix = s.separator != "" and s.prefix == ""
    if s.content != "" or s.tolerance_seconds > 0 or s.encoding not in (TEXT, BASE64) or several_without_prefix:
        raise BadScheme(detail="a token that is the secret itself is sent as text or base64 and signs nothing")


def _check_claims(s: Scheme) -> None:
    if s.claims is None or s.claims.digest == "" or s.claims.hash not in ("sha256", "sha512"):
        raise BadScheme(detail="a token needs a claim with the sha256 or sha512 of the body")
    if s.claims.encoding not in _WRITTEN:
        raise BadScheme(detail="the digest of the body must be hex, base64 or base64url")
    if s.tolerance_seconds > 0 and s.claims.timestamp == "":
        raise BadScheme(detail="a tolerance needs a timestamp")
    _check_key(s)


def _check_message(s: Scheme) -> None:
    if s.message is None or "content-digest" not in s.message.components:
        raise BadScheme(detail="a message signature must cover content-digest, or it says nothing of the body")
    isnt_raw = s.algorithm == "ecdsa-p256-sha256" and s.ecdsa != "raw"
    if s.algorithm not in ("hmac-sha256", "ed25519", "ecdsa-p256-sha256") or s.ecdsa == "der" or isnt_raw:
        raise BadScheme(
            detail="a message signature is made with hmac-sha256, ed25519 or ecdsa-p256-sha256 in the form raw"
        )
    if s.algorithm == "hmac-sha256":
        _check_key(s)
