"""Verifies a request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, List, Mapping, Optional, Sequence, Union

from ._body import raw_body
from ._content import content_of
from ._headers import Headers, Received, to_text
from ._keys import Key, keys_of, kinds_of, matching
from ._message import verify_message
from ._places import NOWHERE, places
from ._read import Request, read
from ._scheme_check import check_times_agree, validate
from ._time import Duration, Moment, as_datetime, check_age, milliseconds, moment_of, seconds, tolerance_of
from ._token import verify_claims, verify_token
from .errors import BadSecret, MalformedHeader, MissingHeader, NoMatch, TooNew, TooOld, VerificationError
from .event import Event
from .scheme import MILLISECONDS, Scheme, lookup


def verify(
    body: bytes,
    headers: Headers,
    secrets: Union[str, Sequence[str]],
    *,
    format: Optional[str] = None,
    scheme: Union[Scheme, Mapping[str, Any], None] = None,
    url: Optional[str] = None,
    now: Optional[Moment] = None,
    tolerance: Optional[Duration] = None,
) -> Event:
    """Checks that a request was signed with one of the secrets over exactly this body,
    and recently; gives the event.

    body is the bytes that came, before any decoding. headers are a framework's headers,
    a mapping or pairs; upper and lower case don't matter in names. secrets are one or
    several; for a format that signs with a private key, the public keys. What is written as
    a public key is never taken for a shared secret; the bare bytes of one, which can't be
    told from a secret, are a public key only where the format takes nothing else.

    format names a built-in format; scheme describes another one. url is the one that the
    request was sent to, as the sender knows it: formats that sign the URL need it.

    now is the receiver's clock, in seconds or as a datetime; without it the present.
    tolerance is how far from it a timestamp may be, in seconds or as a timedelta; without
    it the format's own, which is five minutes; math.inf accepts any timestamp and
    what has expired, for looking at requests that were recorded.

    Secrets and signatures are compared in constant time. Raises RequestRefused when
    something is wrong with the request, and Misconfigured when something is wrong with
    the receiver; both are VerificationError and have a class for each reason.
    """
    raw, chosen = raw_body(body), choose(format, scheme)
    validate(chosen)
    any_time = tolerance is not None and tolerance_of(tolerance) is None
    request = Request(Received(headers), raw, moment_of(now), url or "", any_time)
    event = _verify_any(chosen, _secrets_of(secrets), request, tolerance)
    return replace(event, _headers=request.headers, _places=places().get(format or "", NOWHERE))


def choose(format: Optional[str], scheme: Union[Scheme, Mapping[str, Any], None]) -> Scheme:
    """The scheme that a caller means."""
    if (format is None) == (scheme is None):
        raise TypeError('say either format="standard", or another built-in format, or scheme=…')
    if format is not None:
        return lookup(format)
    return scheme if isinstance(scheme, Scheme) else Scheme.read(scheme or {})


def _secrets_of(secrets: Union[str, Sequence[str]]) -> List[str]:
    every = [secrets] if isinstance(secrets, (str, bytes)) else list(secrets or ())
    for secret in every:
        if not isinstance(secret, str):
            raise BadSecret(detail="it is a %s and must be a str" % type(secret).__name__)
    return every


def _verify_any(scheme: Scheme, secrets: Sequence[str], request: Request, tolerance: Optional[Duration]) -> Event:
    schemes = (scheme,) + scheme.alternatives
    allowed = [_allowed(one, tolerance) for one in schemes]
    if not request.any_time:
        check_times_agree([at_most is not None or one.expires for one, at_most in zip(schemes, allowed)])
    takes = kinds_of(schemes)
    failure: Optional[VerificationError] = None
    for one, at_most in zip(schemes, allowed):
        try:
            keys = keys_of(one, secrets, takes)
            if keys:  # else there are secrets, for alternatives of this scheme
                return replace(_verify_one(one, keys, request, at_most), scheme=one.name)
        except (TooOld, TooNew):
            raise  # the signature is good: a further scheme must not save what is too old
        except VerificationError as error:
            # Of several reasons the last one is told, and a header that is there says more than one that isn't.
            is_there = isinstance(failure, MissingHeader) and isinstance(error, MalformedHeader)
            if failure is None or isinstance(error, NoMatch) or is_there:
                failure = error
    if failure is None:
        failure = BadSecret(detail="none of them is of a kind that the format uses")
    raise failure


def _allowed(one: Scheme, tolerance: Optional[Duration]) -> Optional[int]:
    """How far the time of a request may be from now; None is any distance."""
    if tolerance is not None and one.signs_time:
        return tolerance_of(tolerance)
    return tolerance_of(one.tolerance_seconds or float("inf"))


def _verify_one(s: Scheme, keys: Sequence[Key], r: Request, tolerance: Optional[int]) -> Event:
    if s.message is not None:
        return verify_message(s, keys, r, tolerance)
    if s.algorithm == "token":
        return verify_token(s, keys, r)
    if s.algorithm == "jwt-hs256":
        return verify_claims(s, keys, r, tolerance)
    claim, signatures = read(s, r)
    secret = matching(keys, s, content_of(s, claim, r.body), signatures)
    if secret is None:
        raise NoMatch(header=s.header)
    event_id = to_text(claim.id) if s.id_header else None
    if not claim.timestamp:
        return Event(body=r.body, signed_id=event_id, secret=secret)
    # The time is looked at last, so that a wrong clock is told only of requests that are
    # otherwise good.
    count = int(claim.timestamp)
    signed_at = milliseconds(count) if s.timestamp_unit == MILLISECONDS else seconds(count)
    check_age(s.timestamp_place, signed_at, r.now, tolerance)
    return Event(body=r.body, signed_id=event_id, timestamp=as_datetime(s.timestamp_place, signed_at), secret=secret)
