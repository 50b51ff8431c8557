"""What a message signature derives from the URL (RFC 9421, section 2.2)."""

from __future__ import annotations

import re
from urllib.parse import quote as escape

from ._headers import quote
from .errors import MalformedHeader, MissingURL

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#@]*@)?([^/?#@\s]+)([^?#]*)(\?[^#]*)?\Z", re.DOTALL)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PATH = "!$&'()*+,;=:@[]/%~-._"  # what stands in a path as it is, beside letters and digits
_PORTS = {"https": ":443", "http": ":80"}


def derived(name: str, target: str) -> str:
    """The value of a component; webhooks are sent with POST."""
    if name == "@method":
        return "POST"
    if not target:
        raise MissingURL()
    target = target.partition("#")[0]  # nobody sends what follows
    parts = _URL.match(target)
    if parts is None or _BAD_ESCAPE.search(parts.group(3)) or _CONTROL.search(target):
        raise MissingURL(detail="the URL can't be read")
    scheme, path = parts.group(1).lower(), escape(parts.group(3), safe=_PATH) or "/"
    query = parts.group(4) or ""
    if name == "@target-uri":
        return scheme + "://" + target[parts.end(1) + 3 : parts.end(2)] + path + query
    if name == "@authority":
        return _authority(scheme, parts.group(2))
    if name == "@scheme":
        return scheme
    if name == "@path":
        return path
    if name == "@query":
        return query or "?"
    if name == "@request-target":
        return path + query
    raise MalformedHeader(header="signature-input", detail="the component %s is unknown" % quote(name))


def _authority(scheme: str, host: str) -> str:
    """The host in lower case, without the port that the scheme implies."""
    port = _PORTS.get(scheme, "")
    host = host.lower()
    return host[: -len(port)] if port and host.endswith(port) else host
