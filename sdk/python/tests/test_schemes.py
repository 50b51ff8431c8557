import base64
import hashlib
import hmac
import json
import unittest
from dataclasses import replace

import posthorn
from posthorn._encoding import decode, encode
from posthorn._structured import parse_byte_sequences, parse_inputs
from posthorn._target import derived

from tests.signing import BODY, NOW, SECRET, standard

JWT = {
    "algorithm": "jwt-hs256",
    "key": "text",
    "header": "Authorization",
    "prefix": "Bearer ",
    "toleranceSeconds": 300,
    "claims": {"digest": "body", "hash": "sha256", "encoding": "hex", "timestamp": "iat", "expires": "exp", "id": "jti"},
}


def b64url(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def token(claims, header=b'{"alg":"HS256"}'):
    text = b64url(header) + "." + b64url(claims)
    return "Bearer " + text + "." + b64url(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest())


class Schemes(unittest.TestCase):
    def test_bad_schemes(self):
        """A scheme that would verify less than it seems to is refused."""
        good = posthorn.lookup("standard")
        for changes in (
            {"header": ""},
            {"content": "{id}.{timestamp}"},
            {"content": good.content + "{secret}"},
            {"content": good.content + "{"},
            {"content": good.content + "}"},
            {"content": "{timestamp}.{body}"},
            {"content": "{id}.{body}"},
            {"id_header": ""},
            {"timestamp_header": ""},
            {"prefix": ""},
            {"timestamp_prefix": good.prefix},
            {"separator": "", "timestamp_prefix": "t="},
            {"tolerance_seconds": -1},
            {"tolerance_seconds": float("nan")},
            {"algorithm": "md5"},
            {"encoding": "text"},
            {"encoding": "base32"},
            {"key": "base32"},
            {"timestamp_unit": "h"},
            {"algorithm": "ecdsa-p256-sha256"},
            {"algorithm": "token"},
            {"algorithm": "jwt-hs256"},
            {"alternatives": (good,)},
            {"alternatives": (replace(good, alternatives=()),) * 9},
            {"message": posthorn.Message(("@method",))},
            {"message": posthorn.Message(("content-digest",)), "algorithm": "hmac-sha1"},
            {"message": posthorn.Message(("content-digest",)), "algorithm": "ecdsa-p256-sha256"},
        ):
            with self.subTest(changes), self.assertRaises(posthorn.BadScheme):
                posthorn.verify(BODY, standard(), SECRET, scheme=replace(good, **changes), now=NOW)

    def test_bad_documents(self):
        good = {"algorithm": "hmac-sha256", "encoding": "hex", "key": "text", "content": "{body}", "header": "X-Signature"}
        self.assertEqual(posthorn.Scheme.read(good).header, "X-Signature")
        for changes in (
            {"heade": "x"},
            {"header": 1},
            {"severalLines": "yes"},
            {"toleranceSeconds": True},
            {"toleranceSeconds": "300"},
            {"claims": []},
            {"message": {"components": "content-digest"}},
            {"message": {}},
            {"alternatives": {}},
            {"alternatives": [1]},
        ):
            with self.subTest(changes), self.assertRaises(posthorn.BadScheme):
                posthorn.Scheme.read({**good, **changes})
        with self.assertRaises(posthorn.BadScheme):
            posthorn.verify(b"", {}, "s", scheme=[])

    def test_encodings_are_strict(self):
        """A text has one reading, so that no second text stands for the same bytes."""
        for encoding, texts in {
            "hex": ("0", "0g", "00 ", "00\n", "٠٠"),
            "base64": ("QQ", "QR==", "QQ==\n", "Q\nQ==", "+_==", "-w==", "QQ==QQ==", "=QQ="),
            "base64url": ("QQ", "QR==", "QQ==\r\n", "+w=="),
        }.items():
            for text in texts:
                self.assertIsNone(decode(encoding, text), (encoding, text))
        raw = b"\0\xfb\xffa\n"
        for encoding in ("hex", "base64", "base64url"):
            self.assertEqual(decode(encoding, encode(encoding, raw).decode()), raw)

    def test_tokens(self):
        """A token vouches for the body and for nothing else, until it expires."""
        claims = {"body": hashlib.sha256(BODY).hexdigest(), "iat": NOW, "exp": NOW + 60, "jti": "evt_1"}

        def verify(value, **settings):
            return posthorn.verify(BODY, {"authorization": value}, SECRET, scheme=JWT, **{"now": NOW, **settings})

        def written(**changes):
            return token(json.dumps({**claims, **changes}).encode())

        event = verify(written())
        self.assertEqual((event.id, event.timestamp.timestamp()), ("evt_1", NOW))
        with self.assertRaises(posthorn.TooOld) as raised:
            verify(written(), now=NOW + 61)
        self.assertEqual((raised.exception.age, raised.exception.tolerance), (1, 0))
        for value, kind in (
            (written(body="00"), posthorn.NoMatch),
            (written(body=None), posthorn.NoMatch),
            (written(body="\ud800"), posthorn.NoMatch),
            (written(iat=None), posthorn.MalformedHeader),
            (written(iat=True), posthorn.MalformedHeader),
            (written(iat=1e300), posthorn.MalformedHeader),
            (written(iat=float("nan")), posthorn.MalformedHeader),
            (written(exp="soon"), posthorn.MalformedHeader),
            (written(iat=NOW - 301), posthorn.TooOld),
            (written(iat=NOW + 301), posthorn.TooNew),
            (token(b"[]"), posthorn.MalformedHeader),
            (token(b"[" * 5000), posthorn.MalformedHeader),
            (token(b"9" * 5000), posthorn.MalformedHeader),
            (token(b"\xff"), posthorn.MalformedHeader),
            (token(b"{}", b'{"alg":"none"}'), posthorn.MalformedHeader),
            (token(b"{}", b'{"alg":"HS256","crit":["b64"]}'), posthorn.MalformedHeader),
            (written() + "=", posthorn.MalformedHeader),
            (written()[7:], posthorn.MalformedHeader),
        ):
            with self.subTest(value[:60]), self.assertRaises(kind):
                verify(value)

    def test_tolerances_that_are_asked_for(self):
        """A tolerance makes no mixture of schemes, of which one would accept what the other
        refuses; and only who looks at records sees what has expired."""
        plain = replace(posthorn.lookup("signature"), header="X-Plain")
        untimed = posthorn.Scheme(algorithm="token", encoding="text", header="X-Token", timestamp_header="X-Time")
        signature = hmac.new(SECRET.encode(), b"%d." % NOW + BODY, hashlib.sha256).hexdigest()
        headers = {"X-Time": str(NOW), "X-Timed": signature}
        for other in (plain, untimed):
            mixed = replace(plain, content="{timestamp}.{body}", header="X-Timed", timestamp_header="X-Time", alternatives=(other,))
            posthorn.verify(BODY, headers, SECRET, scheme=mixed, now=NOW)
            posthorn.verify(BODY, headers, SECRET, scheme=mixed, now=NOW, tolerance=float("inf"))
            for tolerance in (0, 60):
                with self.assertRaises(posthorn.BadScheme):
                    posthorn.verify(BODY, headers, SECRET, scheme=mixed, now=NOW, tolerance=tolerance)
            with self.assertRaises(posthorn.BadScheme):
                posthorn.verify(BODY, headers, SECRET, scheme=replace(mixed, tolerance_seconds=60), now=NOW, tolerance=float("inf"))
        claims = {"body": hashlib.sha256(BODY).hexdigest(), "iat": NOW, "exp": NOW - 60}
        headers = {"authorization": token(json.dumps(claims).encode())}
        posthorn.verify(BODY, headers, SECRET, scheme=JWT, now=NOW, tolerance=float("inf"))
        with self.assertRaisesRegex(posthorn.TooOld, "^expired 60 s ago$"):
            posthorn.verify(BODY, headers, SECRET, scheme=JWT, now=NOW, tolerance=3600)

    def test_structured_fields(self):
        for text in ("a=:QQ==:", "a=:QQ==: ,\tb=:QQ==:"):
            self.assertTrue(parse_byte_sequences(text), text)
        others = 'a, b;x, c=1, d=?0, e=-1.5;y=@1, f=tok/en, g="x\\"", h=%"%c3", i=(1 a "b";c);d, j=:QQ:, k=:QQ==:;z'
        self.assertEqual(parse_byte_sequences(others), {"k": b"A"})
        for text in ("", "a=", "a=:QQ==", "a=:QQ==:,", "a=:QQ==:;", "a=:QQ==:,a=:QQ==:", "A=:QQ==:", "a=:Q*:", "a=?2", 'a="', 'a="\\x"', "a=é", "a b", "a=;x"):
            self.assertIsNone(parse_byte_sequences(text), text)
        read = parse_inputs('a=("x"  "y");created=1;keyid="k" , b=()')
        self.assertEqual([entry.written for entry in read], ['("x"  "y");created=1;keyid="k"', "()"])
        self.assertEqual(read[0].parameters, {"created": "1", "keyid": "k"})
        for text in ('a=("x";req)', "a=(x)", 'a=("x\\"")'):
            self.assertTrue(parse_inputs(text)[0].is_foreign, text)
        self.assertEqual(parse_inputs("a, b=1;c, d=:QQ==:"), [])
        for text in ("", "a=", 'a=("x""y")', 'a=("x"', "a=();P", "a=();p=", "a=();p=1;p=2", "a=(),a=()", "a=(),", "a,a=()"):
            self.assertIsNone(parse_inputs(text), text)
        many = ",".join("a%d=:QQ==:" % n for n in range(33))
        self.assertIsNone(parse_byte_sequences(many))

    def test_what_is_derived_from_the_url(self):
        url = "HTTPS://Example.com:443/a%20b/c?q=1#f"
        for name, value in {
            "@method": "POST",
            "@target-uri": "https://Example.com:443/a%20b/c?q=1",
            "@authority": "example.com",
            "@scheme": "https",
            "@path": "/a%20b/c",
            "@query": "?q=1",
            "@request-target": "/a%20b/c?q=1",
        }.items():
            self.assertEqual(derived(name, url), value)
        self.assertEqual(derived("@target-uri", "http://h"), "http://h/")
        self.assertEqual(derived("@query", "http://h"), "?")
        with self.assertRaises(posthorn.MalformedHeader):
            derived("@status", url)
        for bad in ("", "/hooks", "example.com", "https://", "https://h/%zz"):
            with self.assertRaises(posthorn.MissingURL):
                derived("@path", bad)
