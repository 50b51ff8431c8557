"""How a dialect signs, as data."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from functools import lru_cache
from importlib import resources
from typing import Any, Dict, List, Mapping, Optional, Tuple

from .errors import BadScheme, UnknownFormat

SECONDS = "s"
MILLISECONDS = "ms"


@dataclass(frozen=True)
class Claims:
    """Names the claims of a token that are looked at."""

    #: The claim with the digest of the body, made with hash ("sha256" or "sha512") and
    #: written in encoding.
    digest: str = ""
    hash: str = ""
    encoding: str = ""
    #: The claims with the moment of signing in seconds, with the moment after which the
    #: token is void, and with the event's id; each may be empty.
    timestamp: str = ""
    expires: str = ""
    id: str = ""


@dataclass(frozen=True)
class Message:
    """Says what an HTTP message signature (RFC 9421) must cover."""

    #: All must be covered; content-digest must be among them.
    components: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Scheme:
    """Says where a dialect puts its signature and what it signs.

    A receiver needs one only for a dialect that isn't built in, and can write it as
    the JSON that the server and the libraries in other languages read: see read.
    """

    #: Tells a scheme from its alternatives; it may be empty.
    name: str = ""
    #: Makes the signature: hmac-sha1, hmac-sha256, hmac-sha512, ed25519,
    #: ecdsa-p256-sha256, jwt-hs256 or token; encoding (text, hex, base64, base64url)
    #: writes it.
    algorithm: str = ""
    encoding: str = ""
    #: How the secret is read: behind key_prefix it is in the encoding key, and without
    #: the prefix it is its text.
    key: str = ""
    key_prefix: str = ""
    #: The form of an ECDSA signature: der or raw.
    ecdsa: str = ""
    #: What is signed, with {id}, {timestamp}, {body}, {url}, {header.NAME},
    #: {digest.sha256} and {digest.sha512}, the digests with .hex or .base64url behind
    #: them if they aren't in base64.
    content: str = ""
    #: Holds the signatures: entries with separator between them, of which those that
    #: begin with prefix are signatures and others are passed over.
    header: str = ""
    separator: str = ""
    prefix: str = ""
    #: The header may stand several times, with a signature in each.
    several_lines: bool = False
    #: Begins the entry of header that holds the timestamp.
    timestamp_prefix: str = ""
    #: The header that holds the timestamp. If both places are named, they must agree.
    timestamp_header: str = ""
    #: What the timestamp counts since 1970: "s", or "ms". Empty means "s".
    timestamp_unit: str = ""
    #: The header that holds the event's id.
    id_header: str = ""
    #: How far from the receiver's clock the timestamp may be, in seconds; zero accepts
    #: any.
    tolerance_seconds: float = 0
    #: Where the token of jwt-hs256 says what it vouches for.
    claims: Optional[Claims] = None
    #: Makes it an HTTP message signature (RFC 9421).
    message: Optional[Message] = None
    #: Further schemes of the same sender: a request that fits one is accepted, unless its
    #: time isn't tolerated. Either all bound the time, by a tolerance or by claims.expires,
    #: or none does: whoever keeps a request could take the signature over the time away.
    alternatives: Tuple[Scheme, ...] = field(default=())

    @staticmethod
    def read(document: Mapping[str, Any]) -> Scheme:
        """Reads a scheme from its JSON, as a mapping; raises BadScheme."""
        values = _read_fields(Scheme, document)
        if "claims" in values:
            values["claims"] = Claims(**_read_fields(Claims, values["claims"]))
        if "message" in values:
            message = _read_fields(Message, values["message"])
            components = message.get("components")
            if not isinstance(components, (list, tuple)) or not all(isinstance(c, str) for c in components):
                raise BadScheme(detail="the components of a message are a list of names")
            values["message"] = Message(tuple(components))
        alternatives = values.get("alternatives", ())
        if not isinstance(alternatives, (list, tuple)):
            raise BadScheme(detail="alternatives are a list of schemes")
        values["alternatives"] = tuple(Scheme.read(other) for other in alternatives)
        return Scheme(**values)

    @property
    def signs_time(self) -> bool:
        """Whether the scheme has a timestamp to tolerate."""
        if self.message is not None:
            return True
        if self.algorithm == "token":
            return False
        if self.algorithm == "jwt-hs256":
            return self.claims is not None and self.claims.timestamp != ""
        return self.timestamp_header != "" or self.timestamp_prefix != ""

    @property
    def expires(self) -> bool:
        """Whether each of its requests says until when it is good."""
        return self.algorithm == "jwt-hs256" and self.claims is not None and self.claims.expires != ""

    @property
    def is_asymmetric(self) -> bool:
        """Whether a public key stands in the place of the secret."""
        return self.algorithm in ("ed25519", "ecdsa-p256-sha256")

    @property
    def timestamp_place(self) -> str:
        """The header that a timestamp is read from."""
        return self.timestamp_header or self.header


def _read_fields(kind: Any, document: Any) -> Dict[str, Any]:
    """The members of a JSON object by the names of the fields that they fill."""
    if not isinstance(document, Mapping):
        raise BadScheme(detail="a %s is written as an object" % kind.__name__.lower())
    known = {_camel(f.name): f for f in fields(kind)}
    values: Dict[str, Any] = {}
    for name, value in document.items():
        if name not in known:  # what isn't understood might be what makes it safe
            raise BadScheme(detail="the member %r is unknown" % (name,))
        if value is None:
            continue
        expected = {"str": str, "bool": bool, "float": (int, float)}.get(str(known[name].type))
        if expected and (not isinstance(value, expected) or isinstance(value, bool) != (expected is bool)):  # type: ignore[arg-type]
            raise BadScheme(detail="the member %s has a value of another kind" % name)
        values[known[name].name] = value
    return values


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


@lru_cache(maxsize=None)
def _built_in() -> Mapping[str, Scheme]:
    text = resources.files(__package__ or "posthorn").joinpath("schemes.json").read_text("utf-8")
    return {name: Scheme.read(document) for name, document in json.loads(text).items()}


def lookup(format: str) -> Scheme:
    """The scheme of a built-in format; raises UnknownFormat."""
    scheme = _built_in().get(format)
    if scheme is None:
        raise UnknownFormat(detail="%r is not built in; there are %s" % (format, ", ".join(formats())))
    return scheme


def formats() -> List[str]:
    """The names of the built-in formats, sorted."""
    return sorted(_built_in())
