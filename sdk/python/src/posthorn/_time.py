"""Moments and how far they may be from each other; all in microseconds since 1970."""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta, timezone
from typing import Optional, Union

from .errors import MalformedHeader, TooNew, TooOld

_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

#: A moment: seconds since 1970, or a datetime with a time zone.
Moment = Union[float, datetime]
#: A stretch of time: seconds, or a timedelta.
Duration = Union[float, timedelta]


def moment_of(now: Optional[Moment]) -> int:
    """The moment that a caller gave; None is the present."""
    if now is None:
        return time.time_ns() // 1000
    if isinstance(now, datetime):
        if now.tzinfo is None:
            raise ValueError("now has no time zone: use datetime.now(timezone.utc)")
        return (now - _EPOCH) // timedelta(microseconds=1)
    return round(now * _SECOND)


def tolerance_of(tolerance: Duration) -> Optional[int]:
    """The tolerance that a caller gave; None accepts any timestamp."""
    seconds = tolerance.total_seconds() if isinstance(tolerance, timedelta) else tolerance
    if math.isnan(seconds) or seconds < 0:
        raise ValueError("a tolerance must not be negative")
    return None if math.isinf(seconds) else round(seconds * _SECOND)


def check_age(place: str, signed_at: int, now: int, tolerance: Optional[int]) -> None:
    """Raises TooOld or TooNew."""
    age = now - signed_at
    if tolerance is None or -tolerance <= age <= tolerance:
        return
    kind = TooOld if age > 0 else TooNew
    raise kind(header=place, age=age / _SECOND, tolerance=tolerance / _SECOND)


def check_expiry(place: str, expires: int, now: int) -> None:
    """Raises TooOld for what says itself that it is void by now. It has no tolerance: the
    sender has chosen the moment (RFC 7519, section 4.1.4)."""
    if now >= expires:
        raise TooOld(header=place, age=(now - expires) / _SECOND, tolerance=0, detail="expired")


def check_beginning(place: str, begins: int, now: int, tolerance: int) -> None:
    """Raises TooNew for what says itself that it isn't good yet (RFC 7519, section 4.1.5)."""
    if begins - now > tolerance:
        detail = "not valid before"
        raise TooNew(header=place, age=(now - begins) / _SECOND, tolerance=tolerance / _SECOND, detail=detail)


def seconds(count: int) -> int:
    """The moment that is so many seconds after the beginning of 1970."""
    return count * _SECOND


def milliseconds(count: int) -> int:
    """The moment that is so many milliseconds after the beginning of 1970."""
    return count * (_SECOND // 1000)


def as_datetime(place: str, moment: int) -> datetime:
    """The moment with its time zone, which is UTC; raises MalformedHeader for what is no
    date."""
    try:
        return _EPOCH + timedelta(microseconds=moment)
    except OverflowError:
        raise MalformedHeader(header=place, detail="its time is beyond all dates") from None
