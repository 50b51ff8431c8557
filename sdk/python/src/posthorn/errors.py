"""Why a request wasn't accepted: one class for each reason.

No error holds a secret, nor the signature that would have been right.
"""

from __future__ import annotations

from typing import Optional


class VerificationError(Exception):
    """A request that wasn't accepted.

    It is either RequestRefused, which is about the request, or Misconfigured, which
    is about the receiver's own code and settings.
    """

    #: The reason as a word; the libraries in all languages use the same.
    code = ""

    def __init__(
        self,
        *,
        header: str = "",
        age: Optional[float] = None,
        tolerance: Optional[float] = None,
        detail: str = "",
    ) -> None:
        #: The header concerned, if it is one.
        self.header = header
        #: How many seconds ago the request was signed, below zero in the future; set
        #: with TooOld and TooNew.
        self.age = age
        #: How many seconds were allowed; set with TooOld and TooNew.
        self.tolerance = tolerance
        #: Says more; it may be empty.
        self.detail = detail
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        return self.code + (": " + self.detail if self.detail else "")


class RequestRefused(VerificationError):
    """Something is wrong with the request: answer it with status."""

    #: The status to answer with.
    status = 401


class Misconfigured(VerificationError):
    """Something is wrong with the receiver, whoever sent the request."""


class MissingHeader(RequestRefused):
    """The request lacks a header that the format needs."""

    code = "missing_header"

    def _sentence(self) -> str:
        return "the header %s is missing" % self.header


class DoubledHeader(RequestRefused):
    """A header that must stand once stands several times."""

    code = "doubled_header"

    def _sentence(self) -> str:
        return "the header %s stands more than once" % self.header


class MalformedHeader(RequestRefused):
    """A header is there and can't be read."""

    code = "malformed_header"

    def _sentence(self) -> str:
        return "the header %s can't be read: %s" % (self.header, self.detail)


class NoMatch(RequestRefused):
    """No signature of the request was made with any of the secrets over this body.

    The secret is another one, or the body isn't the one that was sent: often it was
    decoded and encoded again.
    """

    code = "no_matching_signature"

    def _sentence(self) -> str:
        return "no signature in %s fits this body and secret" % self.header


class TooOld(RequestRefused):
    """The signature is good, and was made too long ago or has expired."""

    code = "timestamp_too_old"

    def _sentence(self) -> str:
        if self.detail:
            return "%s %g s ago" % (self.detail, self.age or 0)
        return "signed %g s ago, more than the %g s allowed" % (self.age or 0, self.tolerance or 0)


class TooNew(RequestRefused):
    """The signature is good, and was made too far in the future, or isn't valid yet: a clock
    is wrong."""

    code = "timestamp_too_new"

    def _sentence(self) -> str:
        ahead, tolerance = -(self.age or 0), self.tolerance or 0
        if self.detail:
            return "%s %g s from now" % (self.detail, ahead) + (", more than the %g s allowed" % tolerance if tolerance else "")
        return "signed %g s in the future, more than the %g s allowed" % (ahead, tolerance)


class BodyTooLarge(RequestRefused):
    """The body is longer than the receiver reads."""

    code = "body_too_large"
    status = 413


class BadSecret(Misconfigured):
    """The receiver has no secret, or one that can't be read."""

    code = "bad_secret"

    def _sentence(self) -> str:
        return "the secret can't be used: " + self.detail


class MissingURL(Misconfigured):
    """The format signs the URL, and the receiver doesn't say which one it was."""

    code = "missing_url"

    def _sentence(self) -> str:
        return "the format signs the URL: pass the registered one as url=" + (" (%s)" % self.detail if self.detail else "")


class UnknownFormat(Misconfigured):
    """There is no built-in format of that name."""

    code = "unknown_format"


class BadScheme(Misconfigured):
    """The scheme makes no sense."""

    code = "bad_scheme"


class NotRawBody(Misconfigured, TypeError):
    """The body isn't the bytes that came, so that no signature can fit it."""

    code = "body_not_raw"

    def _sentence(self) -> str:
        return self.detail
