import unittest

import posthorn

from tests.signing import NOW, SECRET, standard
from tests.vectors import vectors, verify


class Event(unittest.TestCase):
    """An event tells its id, type and data from where its format puts them."""

    def event(self, body, **changes):
        headers = {**standard(body), **changes}
        return posthorn.verify(body, headers, SECRET, format="standard", now=NOW)

    def test_every_format(self):
        seen = set()
        for vector in vectors():
            if vector["name"] != vector.get("format", "") + ": accepted":
                continue
            extra = [
                ["X-GitHub-Delivery", "evt_1"],
                ["X-Shopify-Topic", "user.created"],
                ["X-Shopify-Webhook-Id", "evt_1"],
                ["ce-type", "user.created"],
            ]
            event = verify({**vector, "headers": vector["headers"] + extra})
            name, whole = vector["format"], event.json()
            self.assertEqual(event.id, None if name in ("ascendkit", "slack") else "evt_1", name)
            if name not in ("ascendkit", "slack"):  # whose vectors have another body than is sent
                self.assertEqual(event.type, "user.created", name)
            is_whole = name in ("github", "shopify", "slack", "cloudevents-binary")
            self.assertEqual(event.data, whole if is_whole else whole["data"], name)
            seen.add(name)
        self.assertEqual(sorted(seen), posthorn.formats())

    def test_a_body_of_another_kind(self):
        for body in (b"", b"a=1", b"\xff", b"[" * 100000):
            event = self.event(body)
            self.assertEqual((event.id, event.type), ("evt_1", None))
            with self.assertRaises(ValueError):
                event.data
        for body in (b"[]", b"null", b'{"type":1}', b'"type"'):
            event = self.event(body)
            self.assertEqual((event.type, event.data), (None, None))

    def test_a_header_that_stands_twice_tells_nothing(self):
        vector = next(v for v in vectors() if v["name"] == "github: accepted")
        self.assertEqual(verify(vector).type, "user.created")
        self.assertIsNone(verify({**vector, "headers": vector["headers"] + [["x-github-event", "push"]]}).type)

    def test_a_declared_scheme(self):
        body = b'{"type":"x","data":{}}'
        event = posthorn.verify(body, standard(body), SECRET, scheme=posthorn.lookup("standard"), now=NOW)
        self.assertEqual((event.id, event.type, event.data), ("evt_1", None, {"type": "x", "data": {}}))

    def test_what_is_shown_of_it(self):
        """Neither the body nor the headers go into a log by themselves."""
        shown = repr(self.event(b'{"password":"x"}', Authorization="Bearer y"))
        self.assertNotIn("password", shown)
        self.assertNotIn("Bearer", shown)
