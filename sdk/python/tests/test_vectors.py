import pathlib
import unittest
from unittest import mock

import posthorn
from posthorn import _asymmetric

from tests.vectors import SIGNATURE, vectors, verify


class Vectors(unittest.TestCase):
    def test_every_vector(self):
        """Requests that were signed by other code are accepted, and what was changed about
        them is told precisely."""
        all_vectors, accepted = vectors(), set()
        self.assertGreaterEqual(len(all_vectors), 200)
        for vector in all_vectors:
            with self.subTest(vector["name"]):
                if vector["expect"] == "ok":
                    self.accept(vector)
                    accepted.add(vector.get("format"))
                else:
                    self.refuse(vector)
        self.assertEqual([name for name in posthorn.formats() if name not in accepted], [])

    def test_every_vector_without_dependencies(self):
        """The package cryptography makes no difference but to the time it takes."""
        with mock.patch.object(_asymmetric, "_HAS_CRYPTOGRAPHY", False):
            self.test_every_vector()

    def accept(self, vector):
        event = verify(vector)
        self.assertEqual(event.body, vector["body"].encode())
        self.assertEqual(event.secret, vector.get("secret", 0))
        if "id" in vector:
            self.assertEqual(event.id or "", vector["id"])
        if "timestamp" in vector:
            self.assertEqual(int(event.timestamp.timestamp()), vector["timestamp"])

    def refuse(self, vector):
        with self.assertRaises(posthorn.VerificationError) as raised:
            verify(vector)
        error = raised.exception
        self.assertEqual(error.code, vector["expect"], error)
        if "header" in vector:
            self.assertEqual(error.header.lower(), vector["header"].lower())
        if "age" in vector:
            self.assertEqual(error.age, vector["age"])
        for secret in filter(None, vector["secrets"]):
            self.assertNotIn(secret, str(error))
            self.assertNotIn(secret, repr(error))

    def test_sentences_of_time(self):
        """No sentence speaks of an allowance where there is none: what says itself from when
        and until when it is good has none."""
        named = {vector["name"]: vector for vector in vectors()}
        for name, sentence in (
            ("declared: a token that is good in a second", "not valid before 1 s from now"),
            ("declared: a token that is good in five minutes and a second", "not valid before 301 s from now, more than the 300 s allowed"),
            ("RFC 9421 past its own expiry, where any age is good", "expired 1 s ago"),
        ):
            with self.assertRaises(posthorn.VerificationError) as raised:
                verify(named[name])
            self.assertEqual(str(raised.exception), sentence)

    def test_data_is_the_servers(self):
        """The packaged schemes and places are those that the server is tested with."""
        for name in ("schemes.json", "places.json"):
            packaged = pathlib.Path(posthorn.__file__).with_name(name).read_bytes()
            hint = "cp signature/%s sdk/python/src/posthorn/" % name
            self.assertEqual(packaged, (SIGNATURE / name).read_bytes(), hint)
