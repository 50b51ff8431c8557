import json
import math
import unittest
from datetime import datetime, timedelta, timezone
from unittest import mock

import posthorn

from tests.signing import BODY, NOW, OTHER, SECRET, standard, stripe

HEADER, TIMESTAMP, ID = "webhook-signature", "webhook-timestamp", "webhook-id"


def verify(body=BODY, headers=None, secrets=SECRET, **settings):
    settings = {"format": "standard", "now": NOW, **settings}
    return posthorn.verify(body, standard() if headers is None else headers, secrets, **settings)


class Problems(unittest.TestCase):
    def refused(self, kind, *arguments, **named):
        with self.assertRaises(kind) as raised:
            verify(*arguments, **named)
        self.assertNotIn(SECRET, str(raised.exception))
        return raised.exception

    def test_headers(self):
        """A receiver is told the one precise reason, and which header it is about."""
        good = standard()
        entry = good[HEADER]
        missing, doubled, malformed = posthorn.MissingHeader, posthorn.DoubledHeader, posthorn.MalformedHeader
        cases = [
            ("no headers", {}, missing, HEADER),
            ("no signature", {HEADER: []}, missing, HEADER),
            ("no timestamp", {TIMESTAMP: []}, missing, TIMESTAMP),
            ("no id", {ID: []}, missing, ID),
            ("empty signature", {HEADER: ""}, malformed, HEADER),
            ("empty id", {ID: ""}, malformed, ID),
            ("signature twice", {HEADER: [entry, entry]}, doubled, HEADER),
            ("signature twice in two cases", {"Webhook-Signature": entry}, doubled, HEADER),
            ("signature twice, joined as WSGI does", {HEADER: entry + "," + entry}, malformed, HEADER),
            ("timestamp twice", {TIMESTAMP: [str(NOW)] * 2}, doubled, TIMESTAMP),
            ("timestamp twice, joined as WSGI does", {TIMESTAMP: "%d,%d" % (NOW, NOW)}, malformed, TIMESTAMP),
            ("id twice", {ID: ["evt_1", "evt_1"]}, doubled, ID),
            ("id twice, joined as WSGI does", {ID: "evt_1,evt_1"}, posthorn.NoMatch, HEADER),
            ("another id", {ID: "evt_2"}, posthorn.NoMatch, HEADER),
            ("another version only", {HEADER: "v1a," + entry[3:]}, malformed, HEADER),
            ("no version", {HEADER: entry[3:]}, malformed, HEADER),
            ("not base64", {HEADER: "v1,!!!!"}, malformed, HEADER),
            ("nothing behind the version", {HEADER: "v1,"}, malformed, HEADER),
            ("without padding", {HEADER: entry.rstrip("=")}, malformed, HEADER),
            ("a line break in it", {HEADER: entry[:9] + "\n" + entry[9:]}, malformed, HEADER),
            ("cut short", {HEADER: "v1,AAAA"}, malformed, HEADER),
            ("too many entries", {HEADER: "v1,AAAA " * 100 + entry}, malformed, HEADER),
            ("too long", {HEADER: "v1," + "A" * (1 << 20)}, malformed, HEADER),
            ("timestamp with a sign", {TIMESTAMP: "+%d" % NOW}, malformed, TIMESTAMP),
            ("timestamp with a line break", {TIMESTAMP: "%d\n" % NOW}, malformed, TIMESTAMP),
            ("timestamp in other digits", {TIMESTAMP: "١٧٧٧٨٩٦٠٠٠"}, malformed, TIMESTAMP),
            ("timestamp with a fraction", {TIMESTAMP: "%d.0" % NOW}, malformed, TIMESTAMP),
            ("timestamp out of range", {TIMESTAMP: "9" * 20}, malformed, TIMESTAMP),
            ("id with a dot", {ID: "evt.1"}, malformed, ID),
        ]
        for name, changes, kind, header in cases:
            with self.subTest(name):
                headers = {**good, **changes} if changes else {}
                error = self.refused(kind, headers=headers)
                self.assertIs(type(error), kind)
                self.assertEqual((error.header, error.status), (header, 401))

    def test_a_signature_of_another_length(self):
        error = self.refused(posthorn.MalformedHeader, headers={**standard(), HEADER: "v1,AAAA"})
        self.assertEqual(error.detail, "the signature has 3 bytes, one of hmac-sha256 has 32")

    def test_every_byte_of_the_body_counts(self):
        for at in range(len(BODY)):
            changed = bytearray(BODY)
            changed[at] ^= 1
            self.refused(posthorn.NoMatch, bytes(changed))
        for changed in (b"", BODY[1:], BODY[:-1], BODY + b" "):
            self.refused(posthorn.NoMatch, changed)

    def test_a_body_that_was_decoded_and_encoded_again(self):
        body = b'{"type": "user.created", "data": {"n": 1.50, "s":"\\u00e9"}}'
        self.assertEqual(verify(body, standard(body)).body, body)
        again = json.dumps(json.loads(body)).encode()
        self.assertEqual(json.loads(again), json.loads(body))
        self.refused(posthorn.NoMatch, again, standard(body))

    def test_body_must_be_bytes(self):
        """Whoever passes a decoded body is told how to get the raw one."""

        async def forgotten():
            return BODY

        for body in (BODY.decode(), json.loads(BODY), None, forgotten()):
            error = self.refused(posthorn.NotRawBody, body)
            self.assertIsInstance(error, TypeError)
            self.assertEqual(error.code, "body_not_raw")  # as it is called in all languages
            self.assertIsInstance(error, posthorn.Misconfigured)
            for hint in ("request.get_data()", "await request.body()", "Django: request.body"):
                self.assertIn(hint, str(error))
        for body in (bytearray(BODY), memoryview(BODY)):
            self.assertEqual(verify(body).body, BODY)

    def test_tolerance(self):
        """It holds to the second, in both directions, and the error tells by how much it
        was missed."""
        old, new = posthorn.TooOld, posthorn.TooNew
        for headers, format in ((standard(), "standard"), (stripe(), "stripe")):
            for after, tolerance, kind in (
                (300, None, None),
                (-300, None, None),
                (301, None, old),
                (-301, None, new),
                (300.001, None, old),
                (3600, 3600, None),
                (3600, timedelta(hours=1), None),
                (3601, timedelta(hours=1), old),
                (1, 0, old),
                (0, 0, None),
                (1e12, math.inf, None),
            ):
                settings = {"headers": headers, "format": format, "now": NOW + after, "tolerance": tolerance}
                if kind is None:
                    expected = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
                    self.assertEqual(verify(**settings).timestamp, expected)
                    continue
                error = self.refused(kind, **settings)
                self.assertAlmostEqual(error.age, after, places=5)
                self.refused(posthorn.NoMatch, b"{}", **settings)  # the time is told of good ones alone
        for bad in (-1, math.nan):
            with self.assertRaises(ValueError):
                verify(tolerance=bad)

    def test_clock(self):
        at = datetime(2026, 5, 4, 14, 5, tzinfo=timezone(timedelta(hours=2)))
        self.assertEqual(verify(now=at).id, "evt_1")
        self.refused(posthorn.TooOld, now=at + timedelta(microseconds=1))
        with self.assertRaisesRegex(ValueError, "time zone"):
            verify(now=at.replace(tzinfo=None))
        with mock.patch("time.time_ns", return_value=NOW * 10**9):
            self.assertEqual(posthorn.verify(BODY, standard(), SECRET, format="standard").id, "evt_1")
        self.refused(posthorn.TooOld, now=None)

    def test_a_date_beyond_all_dates(self):
        at = 10**15 - 1
        self.refused(posthorn.TooNew, headers=standard(at=at))
        self.refused(posthorn.MalformedHeader, headers=standard(at=at), tolerance=math.inf)

    def test_secrets(self):
        """A receiver without a usable secret accepts nothing; of several, the event tells
        which one signed."""
        self.assertEqual(verify(secrets=[SECRET]).secret, 0)
        self.assertEqual(verify(secrets=(OTHER, SECRET)).secret, 1)
        self.refused(posthorn.NoMatch, secrets=OTHER)
        unusable = ([], "", [""], "whsec_", "whsec_not*base64", [SECRET, "whsec_not*base64"], None, SECRET.encode(), [None])
        for secrets in unusable:
            error = self.refused(posthorn.BadSecret, secrets=secrets)
            self.assertNotIn("not*base64", str(error))

    def test_two_signatures(self):
        both = standard()
        both[HEADER] = "v1a,AAAA  v1,BBBB " + standard(secret=OTHER)[HEADER] + " " + both[HEADER] + " v2,x"
        self.assertEqual(verify(headers=both).secret, 0)
        self.assertEqual(verify(headers=both, secrets=[OTHER, "x"]).secret, 0)

    def test_shapes_of_headers(self):
        """Whatever a framework calls headers will do."""
        from email.message import Message
        from wsgiref.headers import Headers

        message = Message()  # what http.server has
        for name, value in standard().items():
            message[name] = value
        pairs = list(standard().items())
        raw = [(name.upper().encode(), value.encode()) for name, value in pairs]
        for headers in (message, Headers(pairs), pairs, raw, {name: [value] for name, value in pairs}):
            self.assertEqual(verify(headers=headers).id, "evt_1")
        message["Webhook-Id"] = "evt_1"
        self.refused(posthorn.DoubledHeader, headers=message)
        self.refused(posthorn.DoubledHeader, headers=raw + raw[:1])
        with self.assertRaises(TypeError):
            verify(headers={"webhook-id": 1})

    def test_bytes_beyond_ascii_in_a_header(self):
        """A header's bytes are signed as they came, whichever way they were decoded."""
        headers = standard(event_id="évt")
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.assertEqual(verify(headers=raw).id, "évt")
        wsgi = {name: value.encode().decode("latin-1") for name, value in headers.items()}
        self.assertEqual(verify(headers=wsgi).id, "évt")

    def test_format_or_scheme(self):
        self.refused(posthorn.UnknownFormat, format="nobody")
        with self.assertRaises(TypeError):
            posthorn.verify(BODY, standard(), SECRET)
        with self.assertRaises(TypeError):
            verify(scheme=posthorn.lookup("standard"))
        self.assertEqual(verify(format=None, scheme=posthorn.lookup("standard")).scheme, "v1")
