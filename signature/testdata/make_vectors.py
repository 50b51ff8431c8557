"""Writes vectors.json with code that shares nothing with the Go package.

Needs the package cryptography. ECDSA signatures are random, so those vectors are
kept from the file that is there.
"""

import base64
import hashlib
import hmac
import json
import pathlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

PLACE = pathlib.Path(__file__).with_name("vectors.json")
NOW = 1777896000
URL = "https://example.com/hooks?tenant=7"
SECRET = "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2"
OTHER = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
BODY = '{"id":"evt_1","type":"user.created","data":{"n":1e400, "s":"\\u0000é"}}'
RESERIALISED = '{"id": "evt_1", "type": "user.created", "data": {"n": 1e400, "s": "\\u0000\\u00e9"}}'
SEED = base64.urlsafe_b64decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU=")
MESSAGE = ["@method", "@target-uri", "content-digest", "content-type", "webhook-id", "webhook-timestamp"]


def b64(raw):
    return base64.b64encode(raw).decode()


def b64url(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def mac(content, secret=SECRET, name="sha256"):
    return hmac.new(secret.encode(), content.encode(), name).digest()


def digest(body):
    return "sha-256=:" + b64(hashlib.sha256(body.encode()).digest()) + ":"


def public_key(seed):
    key = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def sign_ed25519(content):
    return ed25519.Ed25519PrivateKey.from_private_bytes(SEED).sign(content.encode())


def standard(at, body, sign=lambda content: "v1," + b64(mac(content))):
    return [["webhook-id", "evt_1"], ["webhook-timestamp", str(at)], ["webhook-signature", sign("evt_1.%d.%s" % (at, body))]]


def message(at, body, algorithm, sign, label="sig1", extra="", url=URL, created=";created=%d"):
    headers = [["Content-Type", "application/json"], ["webhook-id", "evt_1"], ["webhook-timestamp", str(at)], ["Content-Digest", digest(body)]]
    values = dict((name.lower(), value) for name, value in headers)
    values.update({"@method": "POST", "@target-uri": url.partition("#")[0]})
    created = created % at if created else ""
    listed = "(" + " ".join('"%s"' % name for name in MESSAGE) + ")" + "%s;keyid=\"k1\";alg=\"%s\"" % (created, algorithm) + extra
    base = "".join('"%s": %s\n' % (name, values[name]) for name in MESSAGE) + '"@signature-params": ' + listed
    return headers + [["Signature-Input", label + "=" + listed], ["Signature", label + "=:" + b64(sign(base)) + ":"]]


# For each built-in format: how a request is signed, the header of the signature,
# and whether it has a timestamp.
FORMATS = {
    "standard": (standard, "webhook-signature", True),
    "cloudevents": (standard, "webhook-signature", True),
    "cloudevents-binary": (standard, "webhook-signature", True),
    "ascendkit": (lambda at, body: [["X-AscendKit-Signature", "t=%d,v1=%s" % (at, mac("%d.%s" % (at, body)).hex())]], "X-AscendKit-Signature", True),
    "ascend": (
        lambda at, body: [
            ["X-Ascend-Request-Timestamp", str(at)],
            ["X-Ascend-Signature", "t=%d,v1=%s" % (at, mac("%d:%s" % (at, body)).hex())],
        ],
        "X-Ascend-Signature",
        True,
    ),
    "signature": (lambda at, body: [["X-Signature", mac(body).hex()]], "X-Signature", False),
    "sendkit": (lambda at, body: [["X-Webhook-Event", "user.created"], ["X-Webhook-Signature", mac(body).hex()]], "X-Webhook-Signature", False),
    "stripe": (lambda at, body: [["Stripe-Signature", "t=%d,v1=%s" % (at, mac("%d.%s" % (at, body)).hex())]], "Stripe-Signature", True),
    "github": (lambda at, body: [["X-GitHub-Event", "user.created"], ["X-Hub-Signature-256", "sha256=" + mac(body).hex()]], "X-Hub-Signature-256", False),
    "shopify": (lambda at, body: [["X-Shopify-Hmac-SHA256", b64(mac(body))]], "X-Shopify-Hmac-SHA256", False),
    "slack": (
        lambda at, body: [["X-Slack-Request-Timestamp", str(at)], ["X-Slack-Signature", "v0=" + mac("v0:%d:%s" % (at, body)).hex()]],
        "X-Slack-Signature",
        True,
    ),
    "httpsig": (lambda at, body: message(at, body, "hmac-sha256", mac), "Signature", True),
}
WITH_ID = {"standard", "cloudevents", "cloudevents-binary", "httpsig"}


def vector(name, headers, expect="ok", body=BODY, now=NOW, **more):
    made = {"name": name, **more, "headers": headers, "body": body, "now": now, "expect": expect}
    made.setdefault("secrets", [SECRET])
    return made


def of_format(name):
    sign, header, is_timed = FORMATS[name]
    good = sign(NOW, BODY)
    about = {"format": name}
    if name == "httpsig":
        about["url"] = URL
    ok = {"timestamp": NOW} if is_timed else {}
    if name in WITH_ID:
        ok["id"] = "evt_1"

    def without(headers):
        return [pair for pair in headers if pair[0] != header]

    mismatch = "Content-Digest" if name == "httpsig" else header
    yield vector(name + ": accepted", good, **about, **ok)
    yield vector(name + ": the second of two secrets", good, **about, **ok, secrets=[OTHER, SECRET], secret=1)
    yield vector(name + ": names of headers in upper case", [[n.upper(), v] for n, v in good], **about, **ok)
    yield vector(name + ": tampered body", good, "no_matching_signature", BODY.replace("evt_1", "evt_2"), **about, header=mismatch)
    yield vector(name + ": body decoded and encoded again", good, "no_matching_signature", RESERIALISED, **about, header=mismatch)
    yield vector(name + ": empty body", good, "no_matching_signature", "", **about, header=mismatch)
    yield vector(name + ": wrong secret", good, "no_matching_signature", **about, secrets=[OTHER], header=header)
    yield vector(name + ": no secret", good, "bad_secret", **about, secrets=[])
    yield vector(name + ": empty secret", good, "bad_secret", **about, secrets=[""])
    yield vector(name + ": no signature", without(good), "missing_header", **about, header=header)
    yield vector(name + ": signature twice", good + [[n, v] for n, v in good if n == header], "doubled_header", **about, header=header)
    yield vector(name + ": empty signature", without(good) + [[header, ""]], "malformed_header", **about, header=header)
    yield vector(name + ": signature is no text of its encoding", without(good) + [[header, "v1=?,t=?;sha256=?"]], "malformed_header", **about, header=header)
    if not is_timed:
        return
    where = {"ascend": "X-Ascend-Request-Timestamp", "slack": "X-Slack-Request-Timestamp", "httpsig": "signature-input"}.get(name, header)
    if name in WITH_ID and name != "httpsig":
        where = "webhook-timestamp"
    yield vector(name + ": five minutes old", good, now=NOW + 300, **about, **ok)
    yield vector(name + ": too old by a second", good, "timestamp_too_old", now=NOW + 301, **about, header=where, age=301)
    yield vector(name + ": five minutes ahead", good, now=NOW - 300, **about, **ok)
    yield vector(name + ": too far ahead by a second", good, "timestamp_too_new", now=NOW - 301, **about, header=where, age=-301)
    moved = [[n, v.replace(str(NOW), str(NOW + 1))] for n, v in good]
    yield vector(name + ": another timestamp", moved, "no_matching_signature", **about, header=header)


def published():
    yield vector(
        "published: Standard Webhooks, v1", [["webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"], ["webhook-timestamp", "1614265330"],
        ["webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="]], body='{"test": 2432232314}', now=1614265330,
        format="standard", secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330)
    private = base64.b64decode("6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==")
    standard_key = "whpk_" + b64(private[32:])
    assert public_key(private[:32]) == private[32:]
    v1a = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
    headers = [["webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"], ["webhook-timestamp", "1614265330"], ["webhook-signature", v1a]]
    about = dict(format="standard", secrets=[], body='{"test": 2432232314}', now=1614265330)
    yield vector("published: Standard Webhooks, v1a", headers, **about, publicKeys=[standard_key], id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330)
    both = headers[:2] + [["webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= " + v1a]]
    yield vector("v1 and v1a side by side, the public key alone", both, **about, publicKeys=[standard_key])
    yield vector("v1a with another public key", headers, "no_matching_signature", **about, publicKeys=["whpk_" + b64(public_key(SEED))], header="webhook-signature")
    yield vector("v1a with a tampered body", headers, "no_matching_signature", **{**about, "body": '{"test":2432232314}'}, publicKeys=[standard_key], header="webhook-signature")
    yield vector("v1a and a shared secret alone", headers, "malformed_header", **{**about, "secrets": [SECRET]}, header="webhook-signature")
    yield vector("v1a too old", headers, "timestamp_too_old", **{**about, "now": 1614265631}, publicKeys=[standard_key], header="webhook-timestamp", age=301)
    yield vector(
        "published: GitHub", [["X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"]],
        body="Hello, World!", format="github", secrets=["It's a Secret to Everybody"])
    yield vector(
        "published: Slack", [["X-Slack-Request-Timestamp", "1531420618"],
        ["X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"]], now=1531420618, timestamp=1531420618,
        format="slack", secrets=["8f742231b10e8888abcd99yyyzzz85a5"],
        body="token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
        "&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
        "%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c")
    hello = '{"hello": "world"}'
    assert digest(hello) == "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"  # RFC 9530
    yield vector("published: Content-Digest of RFC 9530, signed by RFC 9421 with HMAC", message(NOW, hello, "hmac-sha256", mac), body=hello, format="httpsig", url=URL, id="evt_1", timestamp=NOW)
    yield from rfc9421(hello)


def rfc9421(hello):
    listed = '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"'
    base = ('"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@method": POST\n"@path": /foo\n"@authority": example.com\n'
            '"content-type": application/json\n"content-length": 18\n"@signature-params": ' + listed)
    signature = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    assert b64(sign_ed25519(base)) == signature
    yield vector(
        "published: RFC 9421, B.2.6: a good signature that doesn't cover the body is refused",
        [["Host", "example.com"], ["Date", "Tue, 20 Apr 2021 02:07:55 GMT"], ["Content-Type", "application/json"], ["Content-Length", "18"],
         ["Content-Digest", digest(hello)], ["Signature-Input", "sig-b26=" + listed], ["Signature", "sig-b26=:" + signature + ":"]],
        "malformed_header", body=hello, now=1618884473, format="httpsig", url="https://example.com/foo?param=Value&Pet=dog", secrets=[],
        publicKeys=["whpk_" + b64(public_key(SEED))], header="signature-input")
    about = dict(format="httpsig", url=URL, secrets=[])
    ours = message(NOW, BODY, "ed25519", sign_ed25519, "ed25519")
    jwk = json.dumps({"kty": "OKP", "crv": "Ed25519", "x": b64url(public_key(SEED))})
    key = "whpk_" + b64(public_key(SEED))
    yield vector("RFC 9421 with ed25519, the key as a JSON Web Key", ours, **about, publicKeys=[jwk], id="evt_1", timestamp=NOW)
    yield vector("RFC 9421 with ed25519, another label and parameters", message(NOW, BODY, "ed25519", sign_ed25519, "a-b.c", ';tag="t"'), **about, publicKeys=[key])
    yield vector("RFC 9421 with ed25519, to another URL", ours, "no_matching_signature", **{**about, "url": URL + "1"}, publicKeys=[key], header="signature")
    yield vector("RFC 9421 without the URL that it covers", ours, "missing_url", format="httpsig", secrets=[], publicKeys=[key])
    yield vector("RFC 9421 with an unknown digest alone", [[n, v.replace("sha-256", "md5") if n == "Content-Digest" else v] for n, v in ours], "malformed_header", **about, publicKeys=[key], header="content-digest")
    yield vector("RFC 9421 that names another algorithm", message(NOW, BODY, "hmac-sha256", sign_ed25519, "ed25519"), "malformed_header", **about, publicKeys=[key], header="signature-input")
    yield vector("RFC 9421 with a label twice", [[n, v + ", " + v] if n == "Signature-Input" else [n, v] for n, v in ours], "malformed_header", **about, publicKeys=[key], header="signature-input")
    yield vector("RFC 9421 past its own expiry", message(NOW, BODY, "ed25519", sign_ed25519, "ed25519", ";expires=%d" % (NOW + 60)), "timestamp_too_old", **about, publicKeys=[key], now=NOW + 61, header="signature-input")
    yield vector("RFC 9421 in the moment of its own expiry", message(NOW, BODY, "ed25519", sign_ed25519, "ed25519", ";expires=%d" % (NOW + 60)), "timestamp_too_old", **about, publicKeys=[key], now=NOW + 60, header="signature-input")
    yield from foreign_labels(ours, {**about, "publicKeys": [key]})
    yield from messages_without_times()
    yield from messages_without_ids()
    yield from urls()


def messages_without_times():
    """What doesn't say when it was made would be good for ever."""
    timeless = message(NOW, BODY, "hmac-sha256", mac, created="")
    for title, now in ("", NOW), (", a year later", NOW + 31536000):
        yield vector("RFC 9421 that doesn't say when it was made" + title, timeless, "malformed_header", format="httpsig", url=URL, now=now, header="signature-input")
    expiring = message(NOW, BODY, "hmac-sha256", mac, created="", extra=";expires=%d" % (NOW + 31536000))
    yield vector("RFC 9421 that says when it expires and not when it was made, where the time is bounded", expiring, "malformed_header", format="httpsig", url=URL, header="signature-input")


def messages_without_ids():
    """An id that isn't signed is anybody's: whoever changes it makes a repetition look new."""
    scheme = {"algorithm": "hmac-sha256", "key": "text", "idHeader": "webhook-id", "toleranceSeconds": 300, "message": {"components": ["content-digest"]}}
    for title, components, received, expected in (
        ("and doesn't cover the id", ["content-digest"], "evt_forged", ""),
        ("and doesn't cover the id, which stands there twice", ["content-digest"], None, ""),
        ("and covers the id", ["content-digest", "webhook-id"], "evt_1", "evt_1"),
    ):
        listed = "(" + " ".join('"%s"' % name for name in components) + ");created=%d" % NOW
        values = {"content-digest": digest(BODY), "webhook-id": "evt_1"}
        base = "".join('"%s": %s\n' % (name, values[name]) for name in components) + '"@signature-params": ' + listed
        ids = [["webhook-id", name] for name in ([received] if received else ["evt_1", "evt_2"])]
        headers = ids + [["Content-Digest", digest(BODY)], ["Signature-Input", "a=" + listed], ["Signature", "a=:" + b64(mac(base)) + ":"]]
        yield vector("RFC 9421 that covers the body " + title, headers, scheme=scheme, id=expected, timestamp=NOW)


def urls():
    """A query is what it is: percent signs mean nothing there to whoever sends it."""
    for query in "?discount=100%", "?a=%zz&b=50%25%", "?a=100%#100%", "?", "?a=b?c/d":
        url = "https://example.com/hooks" + query
        yield vector("RFC 9421 to a URL that ends with " + query, message(NOW, BODY, "hmac-sha256", mac, url=url), format="httpsig", url=url, id="evt_1")
    for url in "https://example.com/100%", "https://example.com/%zz?a=b", "https://example.com/a?b\nc", "https://example.com/a\u0000", "https://example.com/a?\u007f":
        yield vector("RFC 9421 to %s, which is no URL" % json.dumps(url), message(NOW, BODY, "hmac-sha256", mac, url=url), "missing_url", format="httpsig", url=url)


def foreign_labels(ours, about):
    """Signatures that others have added to a request: a proxy, a service in between."""
    listed = dict((name, value) for name, value in ours)["Signature-Input"].partition("=")[2]
    unknown = 'proxy=("@status";req "content-digest";sf "@query-param";name="n");created=-1;on;n=1.5;t=a/b:c;b=:QQ==:;no=?0;at=@1777896000;s="a\\"b\\\\"'

    def beside(inputs, signatures="proxy=:QUJD:;a=1", behind=False):
        def join(value, other):
            return value + ", " + other if behind else other + ", " + value

        added = {"Signature-Input": inputs, "Signature": signatures}
        return [[name, join(value, added[name]) if added.get(name) else value] for name, value in ours]

    def alone(inputs):
        return [[name, inputs if name == "Signature-Input" else value] for name, value in ours]

    ok = dict(**about, id="evt_1", timestamp=NOW)
    yield vector("RFC 9421 behind a label with components and parameters of all kinds", beside(unknown), **ok)
    yield vector("RFC 9421 before a label with components and parameters of all kinds", beside(unknown, behind=True), **ok)
    yield vector("RFC 9421 beside members that are no lists", beside("a, b;c, d=1, e=?1;f, g=tok, h=\"x\", i=:QQ==:, j=%\"caf%c3%a9\"", "a, d=1;x, g=tok, i=:QQ==:"), **ok)
    yield vector("RFC 9421 beside a label that covers a header which isn't there", beside("proxy=" + listed.replace(")", ' "x-gone")', 1)), **ok)
    yield vector("RFC 9421 beside a label that covers what nobody derives", beside("proxy=" + listed.replace(")", ' "@status")', 1)), **ok)
    yield vector("RFC 9421 beside a label with a signature of another length", beside("proxy=" + listed, "proxy=:QUJD:"), **ok)
    yield vector("RFC 9421 beside a label whose signature is no base64", beside("proxy=" + listed, "proxy=:QQ:"), **ok)
    yield vector("RFC 9421 beside a label without a signature", beside("proxy=" + listed, ""), **ok)
    added = [["Signature-Input", unknown], ["Signature", "proxy=:QUJD:"]]
    yield vector("RFC 9421 with labels of others in lines of their own", ours + added, **ok)
    yield vector("RFC 9421 behind lines with labels of others", added + ours, **ok)
    for name, value in ours[-2:]:
        yield vector("RFC 9421 with a second line of %s that has the same label" % name, ours + [[name, value]], "doubled_header", **about, header=name)
        yield vector("RFC 9421 with a second line of %s that can't be read" % name, ours + [[name, "="]], "doubled_header", **about, header=name)
    unsure = message(NOW, BODY, "ed25519", sign_ed25519, "ed25519", ';on;t=tok;n=-1.5;b=:QQ==:;s="a\\"b"')
    yield vector("RFC 9421 with parameters of its own of all kinds", unsure, **ok)
    malformed = dict(expect="malformed_header", **about, header="signature-input")
    yield vector("RFC 9421 with labels of others alone", alone(unknown), **malformed)
    yield vector("RFC 9421 with a label of others twice", beside("p=1, p=(\"x\")"), **malformed)
    yield vector("RFC 9421 that covers the digest of the request that was answered", alone("ed25519=" + listed.replace('"content-digest"', '"content-digest";req')), **malformed)
    yield vector("RFC 9421 that covers a component twice", alone("ed25519=" + listed.replace('"content-digest"', '"content-digest" "content-digest"')), **malformed)
    for broken in ('p=("x"', "p=(x", "p=()x", 'p="x', "p=:QQ", "p=?2", "p=", "=1", "P=1", "p=1,,q=1", 'p=("x""y")', "p=();", "p=();A=1", "p=é"):
        yield vector("RFC 9421 beside " + json.dumps(broken, ensure_ascii=False), beside(broken), **malformed)
    yield vector("RFC 9421 with a signature of others twice", beside(unknown, "p=:QQ==:, p=:QQ==:"), "malformed_header", **about, header="signature")
    lax = {"algorithm": "ed25519", "message": {"components": ["content-digest"]}}
    about = {**about, "scheme": lax}
    del about["format"]
    gone = [[n, v.replace(";created=%d" % NOW, ";expires=%d" % NOW) if n == "Signature-Input" else v] for n, v in ours]
    listed = dict((name, value) for name, value in gone)["Signature-Input"].partition("=")[2]
    base = "".join('"%s": %s\n' % (name, {"@method": "POST", "@target-uri": URL, **{n.lower(): v for n, v in ours}}[name]) for name in MESSAGE)
    gone = [[n, "ed25519=:" + b64(sign_ed25519(base + '"@signature-params": ' + listed)) + ":" if n == "Signature" else v] for n, v in gone]
    yield vector("RFC 9421 that says when it expires and not when it was made", gone, **about, now=NOW - 1)
    yield vector("RFC 9421 past its own expiry, where any age is good", gone, "timestamp_too_old", **about, now=NOW + 1, header="signature-input", age=1)


def declared():
    def scheme(**fields):
        return {"encoding": "hex", "key": "text", "content": "{body}", "header": "X-Signature", **fields}

    yield vector("declared: HMAC-SHA1 in base64", [["X-Signature", b64(mac(BODY, name="sha1"))]], scheme=scheme(algorithm="hmac-sha1", encoding="base64"))
    yield vector("declared: HMAC-SHA512 in base64url", [["X-Signature", base64.urlsafe_b64encode(mac(BODY, name="sha512")).decode()]], scheme=scheme(algorithm="hmac-sha512", encoding="base64url"))
    yield vector("declared: hexadecimal in upper case", [["X-Signature", mac(BODY).hex().upper()]], scheme=scheme(algorithm="hmac-sha256"))
    keyed = hmac.new(bytes.fromhex(SECRET), BODY.encode(), "sha256").hexdigest()
    yield vector("declared: a key in hex behind a prefix", [["X-Signature", keyed]], scheme=scheme(algorithm="hmac-sha256", key="hex", keyPrefix="key_"), secrets=["key_" + SECRET])
    yield vector("declared: a key that isn't hex", [["X-Signature", keyed]], "bad_secret", scheme=scheme(algorithm="hmac-sha256", key="hex"), secrets=["zz"])
    ms = scheme(algorithm="hmac-sha256", content="{timestamp}|{digest.sha256.hex}", timestampHeader="X-Time", timestampUnit="ms", toleranceSeconds=60)
    content = "%d123|%s" % (NOW, hashlib.sha256(BODY.encode()).hexdigest())
    headers = [["X-Time", "%d123" % NOW], ["X-Signature", mac(content).hex()]]
    yield vector("declared: milliseconds and the body's digest", headers, scheme=ms, timestamp=NOW)
    yield vector("declared: milliseconds, too old", headers, "timestamp_too_old", scheme=ms, now=NOW + 62, header="X-Time")
    urls = scheme(algorithm="hmac-sha256", content="{url}{header.X-Event}{body}")
    headers = [["X-Event", "user.created"], ["X-Signature", mac(URL + "user.created" + BODY).hex()]]
    yield vector("declared: the URL and a header", headers, scheme=urls, url=URL)
    yield vector("declared: the URL, which isn't given", headers, "missing_url", scheme=urls)
    yield vector("declared: a signed header is missing", headers[1:], "missing_header", scheme=urls, url=URL, header="X-Event")
    lines = scheme(algorithm="hmac-sha256", severalLines=True)
    headers = [["X-Signature", mac(BODY, OTHER).hex()], ["X-Signature", mac(BODY).hex()]]
    yield vector("declared: a signature in each of two lines", headers, scheme=lines)
    yield vector("declared: two lines, neither right", [["X-Signature", "00" * 32], ["X-Signature", "01" * 32]], "no_matching_signature", scheme=lines, header="X-Signature")
    bearer = {"algorithm": "token", "encoding": "text", "header": "Authorization", "prefix": "Bearer "}
    yield vector("declared: a static token", [["Authorization", "Bearer " + SECRET]], scheme=bearer)
    yield vector("declared: another static token", [["Authorization", "Bearer " + OTHER]], "no_matching_signature", scheme=bearer, header="Authorization")
    basic = {"algorithm": "token", "encoding": "base64", "header": "Authorization", "prefix": "Basic "}
    yield vector("declared: basic credentials", [["Authorization", "Basic " + b64(b"user:password")]], scheme=basic, secrets=["user:password"])
    yield vector("declared: basic credentials of another kind", [["Authorization", "Bearer x"]], "malformed_header", scheme=basic, secrets=["user:password"], header="Authorization")
    yield from lengths(scheme)
    yield from tokens()
    yield from ecdsa()
    yield from several_schemes(scheme)
    yield from kinds_of_keys(scheme)
    yield from unknown_members(scheme)
    yield from tolerances(scheme)
    yield vector("declared: a scheme that doesn't sign the body", [["X-Signature", "00"]], "bad_scheme", scheme=scheme(algorithm="hmac-sha256", content="{timestamp}", timestampHeader="X-Time"))


def lengths(scheme):
    """A signature of another length can't be read, whatever the secret is; one that can be read beside it is enough."""
    about = {"expect": "malformed_header", "header": "X-Signature"}
    good = mac(BODY).hex()
    for algorithm, count in ("hmac-sha1", 20), ("hmac-sha256", 32), ("hmac-sha512", 64):
        for wrong in count - 1, count + 1:
            yield vector("declared: a signature of %s with %d bytes" % (algorithm, wrong), [["X-Signature", "00" * wrong]], scheme=scheme(algorithm=algorithm), **about)
    public = {"secrets": [], "publicKeys": ["whpk_" + b64(public_key(SEED))]}
    signed = sign_ed25519(BODY).hex()
    yield vector("declared: a signature of ed25519 with 63 bytes", [["X-Signature", signed[:-2]]], scheme=scheme(algorithm="ed25519"), **public, **about)
    lines = scheme(algorithm="hmac-sha256", severalLines=True)
    yield vector("declared: a signature of another length beside a good one", [["X-Signature", good[:-2]], ["X-Signature", good]], scheme=lines)
    yield vector("declared: a signature of another length beside a wrong one", [["X-Signature", good[:-2]], ["X-Signature", "00" * 32]], "no_matching_signature", scheme=lines, header="X-Signature")


def tokens():
    scheme = {"algorithm": "jwt-hs256", "key": "text", "header": "Authorization", "prefix": "Bearer ", "toleranceSeconds": 300,
              "claims": {"digest": "body", "hash": "sha256", "encoding": "hex", "timestamp": "iat", "id": "jti"}}

    def token(header=None, **claims):
        payload = {"iat": NOW, "jti": "evt_1", "body": hashlib.sha256(BODY.encode()).hexdigest(), **claims}
        written = b64url(json.dumps(header or {"alg": "HS256", "typ": "JWT"}).encode()) + "." + b64url(json.dumps(payload).encode())
        return [["Authorization", "Bearer " + written + "." + b64url(mac(written))]]

    yield vector("declared: a JSON Web Token with the body's digest", token(), scheme=scheme, id="evt_1", timestamp=NOW)
    yield vector("declared: a token and a tampered body", token(), "no_matching_signature", BODY + " ", scheme=scheme, header="Authorization")
    yield vector("declared: a token and another secret", token(), "no_matching_signature", scheme=scheme, secrets=[OTHER], header="Authorization")
    yield vector("declared: a token that says alg none", token({"alg": "none"}), "malformed_header", scheme=scheme, header="Authorization")
    yield vector("declared: a token without the digest", token(body=None), "no_matching_signature", scheme=scheme, header="Authorization")
    yield vector("declared: a token from too long ago", token(iat=NOW - 301), "timestamp_too_old", scheme=scheme, header="Authorization", age=301)
    for title, header in ("crit", {"alg": "HS256", "crit": ["b64"], "b64": False}), ("an empty crit", {"alg": "HS256", "crit": []}), ("crit as a text", {"alg": "HS256", "crit": "exp"}), ("ALG", {"ALG": "HS256"}), ("alg none and ALG", {"alg": "none", "ALG": "HS256"}):
        yield vector("declared: a token whose header has " + title, token(header), "malformed_header", scheme=scheme, header="Authorization")
    yield vector("declared: no token", [["Authorization", "Bearer abc"]], "malformed_header", scheme=scheme, header="Authorization")
    yield from times_of_tokens(scheme, token)


def times_of_tokens(timed, token):
    """What RFC 7519 says of exp and nbf holds whether or not the scheme names them."""
    plain = {**timed, "claims": {name: value for name, value in timed["claims"].items() if name != "timestamp"}}
    del plain["toleranceSeconds"]
    named = {**plain, "claims": {**plain["claims"], "expires": "exp"}}
    old = {"expect": "timestamp_too_old", "header": "Authorization"}
    new = {"expect": "timestamp_too_new", "header": "Authorization"}
    for title, scheme in ("no times", plain), ("exp", named), ("iat", timed):
        yield vector("declared: a token that expires in a second, the scheme names " + title, token(exp=NOW + 1), scheme=scheme, id="evt_1")
        yield vector("declared: a token that expires now, the scheme names " + title, token(exp=NOW), scheme=scheme, **old)
        yield vector("declared: a token that expired a year ago, the scheme names " + title, token(exp=NOW - 31536000), scheme=scheme, **old, age=31536000)
        for exp in "soon", str(NOW + 60), True, None, -1, 1e300, [NOW + 60]:
            yield vector("declared: a token with exp %s, the scheme names %s" % (json.dumps(exp), title), token(exp=exp), "malformed_header", scheme=scheme, header="Authorization")
    yield vector("declared: a token that expires with the year 9999", token(exp=253402300799), scheme=plain)
    yield vector("declared: a token that expires in the year 10000", token(exp=253402300800), "malformed_header", scheme=plain, header="Authorization")
    yield vector("declared: a token without exp, which the scheme names", token(), "malformed_header", scheme=named, header="Authorization")
    yield vector("declared: a token that is good from now on", token(nbf=NOW), scheme=plain)
    yield vector("declared: a token that is good in a second", token(nbf=NOW + 1), scheme=plain, **new, age=-1)
    yield vector("declared: a token that is good in five minutes, which is tolerated", token(nbf=NOW + 300), scheme=timed)
    yield vector("declared: a token that is good in five minutes and a second", token(nbf=NOW + 301), scheme=timed, **new, age=-301)
    for nbf in "now", str(NOW), False, None:
        yield vector("declared: a token with nbf " + json.dumps(nbf), token(nbf=nbf), "malformed_header", scheme=plain, header="Authorization")


def several_schemes(scheme):
    """Whoever keeps a request can take a signature away from it."""
    timed = scheme(name="timed", algorithm="hmac-sha256", content="{timestamp}.{body}", header="X-Timed", timestampHeader="X-Time", toleranceSeconds=300)
    lax = {**timed, "name": "lax", "header": "X-Lax", "toleranceSeconds": 0}
    plain = scheme(name="plain", algorithm="hmac-sha256", header="X-Plain")
    over_time = mac("%d.%s" % (NOW, BODY)).hex()
    headers = [["X-Time", str(NOW)], ["X-Timed", over_time], ["X-Lax", over_time], ["X-Plain", mac(BODY).hex()]]
    token = {"name": "token", "algorithm": "jwt-hs256", "key": "text", "header": "Authorization", "prefix": "Bearer ", "claims": {"digest": "body", "hash": "sha256", "encoding": "hex"}}
    expiring = {**token, "claims": {**token["claims"], "expires": "exp"}}
    for title, first, second in ("a time and none", timed, plain), ("no time and one", plain, timed), ("a tolerance and none", timed, lax), ("a tolerance and a token without times", timed, token), ("a token that expires and no time", expiring, plain):
        mixed = {**first, "alternatives": [second]}
        yield vector("several schemes: %s" % title, headers, "bad_scheme", scheme=mixed)
        yield vector("several schemes: %s, with a request from long ago" % title, headers, "bad_scheme", scheme=mixed, now=NOW + 31536000)
    wide, narrow = {**lax, "toleranceSeconds": 300}, {**timed, "toleranceSeconds": 60}
    yield vector("several schemes: both tolerate it", headers, scheme={**narrow, "alternatives": [wide]}, now=NOW + 60, timestamp=NOW)
    yield vector("several schemes: too old for the first that fits", headers, "timestamp_too_old", scheme={**narrow, "alternatives": [wide]}, now=NOW + 61, header="X-Time", age=61)
    yield vector("several schemes: too new for the first that fits", headers, "timestamp_too_new", scheme={**narrow, "alternatives": [wide]}, now=NOW - 61, header="X-Time", age=-61)
    yield vector("several schemes: the second fits and is too old", headers[:1] + headers[2:], "timestamp_too_old", scheme={**timed, "alternatives": [wide]}, now=NOW + 301, header="X-Time", age=301)
    for title, first, second in ("first", plain, {**plain, "header": "X-Absent"}), ("last", {**plain, "header": "X-Absent"}, plain):
        yield vector("several schemes: a wrong signature in the %s says more than none in the other" % title, headers, "no_matching_signature", scheme={**first, "alternatives": [second]}, secrets=[OTHER], header="X-Plain")
        yield vector("several schemes: a signature of another length in the %s says more than none in the other" % title, [["X-Plain", "00"]], "malformed_header", scheme={**first, "alternatives": [second]}, header="X-Plain")
        yield vector("several schemes: the %s is the only one that is there" % title, headers, scheme={**first, "alternatives": [second]})
    yield vector("several schemes: no time in any", headers, scheme={**plain, "alternatives": [token]}, now=NOW + 31536000)
    yield vector("several schemes: a token that expires and a time", headers, scheme={**expiring, "alternatives": [timed]}, timestamp=NOW)


def unknown_members(scheme):
    """What isn't understood might be what makes a scheme safe."""
    timed = scheme(algorithm="hmac-sha256", content="{timestamp}.{body}", timestampHeader="X-Time")
    headers = [["X-Time", str(NOW)], ["X-Signature", mac("%d.%s" % (NOW, BODY)).hex()]]
    yield vector("members: none that is unknown", headers, scheme=timed, timestamp=NOW)
    plain, claims = scheme(algorithm="hmac-sha256"), {"digest": "body", "hash": "sha256", "encoding": "hex"}
    token = {"algorithm": "jwt-hs256", "key": "text", "header": "Authorization", "prefix": "Bearer "}
    signed = {"algorithm": "hmac-sha256", "key": "text"}
    for title, one in (
        ("tolerance for toleranceSeconds", {**timed, "tolerance": 300}),
        ("tolerance_seconds for toleranceSeconds", {**timed, "tolerance_seconds": 300}),
        ("one that is null", {**timed, "tolerance": None}),
        ("toleranceseconds for toleranceSeconds", {**timed, "toleranceseconds": 300}),
        ("a tolerance twice, in another case", {**timed, "toleranceSeconds": 300, "TOLERANCESECONDS": 0}),
        ("Expires for expires among the claims", {**token, "claims": {**claims, "Expires": "exp"}}),
        ("Components for components in a message", {**signed, "message": {"Components": ["content-digest"]}}),
        ("a dash", {**plain, "-": 1}),
        ("one in an alternative", {**plain, "alternatives": [{**plain, "severalines": True}]}),
        ("exp for expires among the claims", {**token, "claims": {**claims, "exp": "exp"}}),
        ("component for components in a message", {**signed, "message": {"components": ["content-digest"], "component": ["webhook-id"]}}),
        ("the same as an object has by itself", {**plain, "constructor": "x"}),
        ("a header that is a number", {**plain, "header": 1}),
        ("a tolerance that is a text", {**timed, "toleranceSeconds": "300"}),
        ("several lines that are a text", {**plain, "severalLines": "yes"}),
        ("claims that are a list", {**token, "claims": []}),
        ("components that are a text", {**signed, "message": {"components": "content-digest"}}),
        ("alternatives that are an object", {**plain, "alternatives": {}}),
        ("an alternative that is a text", {**plain, "alternatives": ["x"]}),
    ):
        yield vector("members: " + title, headers, "bad_scheme", scheme=one, now=NOW + 31536000)


def tolerances(scheme):
    """A tolerance that is next to nothing isn't one that accepts any time."""
    timed = scheme(algorithm="hmac-sha256", content="{timestamp}.{body}", timestampHeader="X-Time")
    headers = [["X-Time", str(NOW)], ["X-Signature", mac("%d.%s" % (NOW, BODY)).hex()]]
    for seconds in 1e-10, 1e-300, 1e-6, 0.25:
        tight = {**timed, "toleranceSeconds": seconds}
        yield vector("tolerance: %g s, on the moment" % seconds, headers, scheme=tight, timestamp=NOW)
        yield vector("tolerance: %g s, a second old" % seconds, headers, "timestamp_too_old", scheme=tight, now=NOW + 1, header="X-Time", age=1)
        yield vector("tolerance: %g s, a second ahead" % seconds, headers, "timestamp_too_new", scheme=tight, now=NOW - 1, header="X-Time", age=-1)
    for seconds in 1e11, 1e18:
        yield vector("tolerance: %g s" % seconds, headers, scheme={**timed, "toleranceSeconds": seconds}, now=NOW + 31536000, timestamp=NOW)
    for seconds in -1e-10, -1, -1e300:
        yield vector("tolerance: %g s" % seconds, headers, "bad_scheme", scheme={**timed, "toleranceSeconds": seconds})


def kinds_of_keys(scheme):
    """A key is a shared secret or a public one, and never both: everybody knows the latter."""
    raw = public_key(SEED)
    point = ec.derive_private_key(int("1f" * 32, 16), ec.SECP256R1()).public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    key = ed25519.Ed25519PrivateKey.from_private_bytes(SEED).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    jwk = json.dumps({"kty": "OKP", "crv": "Ed25519", "x": b64url(raw)})
    public = [("whpk_", "whpk_" + b64(raw)), ("a JSON Web Key", jwk), ("PEM", pem), ("PEM behind words", "the key of example.com:\n" + pem), ("DER in base64", b64(der)), ("DER in hex", der.hex()), ("DER in hex in upper case", der.hex().upper()),
              ("a point of P-256 in base64", b64(point)), ("a point of P-256 in base64url", base64.urlsafe_b64encode(point).decode()), ("a point of P-256 in hex", point.hex()),
              ("a point of P-256 in base64 without padding", b64(point).rstrip("=")), ("a point of P-256 in base64url without padding", b64url(point))]
    for title, text in public:
        github = [["X-Hub-Signature-256", "sha256=" + mac(BODY, text).hex()]]
        yield vector("public key as a shared secret: %s, in github" % title, github, "bad_secret", format="github", secrets=[text])
        yield vector("public key as a shared secret: %s, in github beside the right secret" % title, github, "bad_secret", format="github", secrets=[SECRET, text])
        forged = standard(NOW, BODY, lambda content: "v1," + b64(mac(content, text)))
        problem = "bad_secret" if "point" in title else "malformed_header"  # the scheme with public keys is for Ed25519
        yield vector("public key as a shared secret: %s, in standard" % title, forged, problem, format="standard", secrets=[text])
    private = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
    yield vector("a private key as a shared secret", [["X-Hub-Signature-256", "sha256=" + mac(BODY, private).hex()]], format="github", secrets=[private])
    token = {"algorithm": "token", "encoding": "text", "header": "Authorization", "prefix": "Bearer "}
    yield vector("public key as a static token", [["Authorization", "Bearer " + public[0][1]]], "bad_secret", scheme=token, secrets=[public[0][1]])
    listed = standard(NOW, BODY, lambda content: "v1a," + b64(sign_ed25519(content)))
    yield vector("a bare public key beside shared secrets is taken for one of them", listed, "malformed_header", format="standard", secrets=[b64(raw)], header="webhook-signature")
    alone = scheme(algorithm="ed25519", encoding="base64")
    del alone["key"]
    signed = [["X-Signature", b64(sign_ed25519(BODY))]]
    for title, text in ("base64", b64(raw)), ("hex", raw.hex()):
        yield vector("a bare public key in %s where there are no shared secrets" % title, signed, scheme=alone, secrets=[text])
        other = {**alone, "name": "other", "header": "X-Other"}
        yield vector("a bare public key in %s where several schemes take public keys alone" % title, signed, scheme={**alone, "alternatives": [other]}, secrets=[text])


def ecdsa():
    private = ec.derive_private_key(int("1f" * 32, 16), ec.SECP256R1())
    pem = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    kept = {v["name"]: v for v in json.loads(PLACE.read_text())["vectors"]} if PLACE.exists() and PLACE.read_text().startswith("{") else {}
    for form in "der", "raw":
        scheme = {"algorithm": "ecdsa-p256-sha256", "encoding": "base64", "ecdsa": form, "content": "{timestamp}{body}", "header": "X-Signature", "timestampHeader": "X-Time", "toleranceSeconds": 300}
        name = "declared: ECDSA over P-256, " + form
        signature = private.sign(("%d%s" % (NOW, BODY)).encode(), ec.ECDSA(hashes.SHA256()))
        if form == "raw":
            r, s = utils.decode_dss_signature(signature)
            signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        headers = kept[name]["headers"] if name in kept else [["X-Time", str(NOW)], ["X-Signature", b64(signature)]]
        yield vector(name, headers, scheme=scheme, secrets=[], publicKeys=[pem], timestamp=NOW)
        yield vector(name + ", tampered body", headers, "no_matching_signature", BODY + " ", scheme=scheme, secrets=[], publicKeys=[pem], header="X-Signature")


ABOUT = {
    "name": "what the vector is about",
    "format": "the built-in format; or scheme: a declared one, in the notation of schemes.json",
    "secrets": "what the receiver holds, in order; publicKeys come behind them in the same list",
    "url": "the URL that the request was sent to; left out when the receiver doesn't know it",
    "headers": "pairs of name and value, as they came",
    "body": "the bytes that came, as UTF-8",
    "now": "the receiver's clock, in seconds since 1970",
    "expect": "ok, or the word for the problem",
    "header": "the header that the problem names; upper and lower case don't matter",
    "age": "with timestamp_too_old and timestamp_too_new: how old the request is, in seconds",
    "id, timestamp, secret": "with ok: the event's id, the moment of signing in seconds, and the index of the secret that signed",
}

vectors = list(published())
for name in FORMATS:
    vectors.extend(of_format(name))
vectors.extend(declared())
lines = ",\n".join("    " + json.dumps(v, ensure_ascii=False) for v in vectors)
PLACE.write_text('{\n  "about": %s,\n  "vectors": [\n%s\n  ]\n}\n' % (json.dumps(ABOUT, ensure_ascii=False, indent=4).replace("\n}", "\n  }"), lines))
