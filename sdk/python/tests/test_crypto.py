"""The arithmetic of public keys, against the vectors of its specifications."""

import base64
import hashlib
import importlib.util
import unittest
from unittest import mock

from posthorn import _asymmetric, _ed25519, _p256

# RFC 8032, section 7.1: public key, message, signature.
ED25519 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        b"",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        b"\x72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        b"\xaf\x82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").digest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
        "3dca179c138ac17ad9bef1177331a704",
    ),
]

# RFC 6979, appendix A.2.5, with SHA-256: message, r, s.
P256_KEY = (
    0x60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6,
    0x7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299,
)
P256 = [
    (
        b"sample",
        0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
        0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
    ),
    (
        b"test",
        0xF1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367,
        0x019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083,
    ),
]


def der(*numbers):
    """The DER of numbers that need no long length."""
    parts = b""
    for number in numbers:
        raw = number.to_bytes(number.bit_length() // 8 + 1, "big")
        parts += b"\x02" + bytes([len(raw)]) + raw
    return b"\x30" + bytes([len(parts)]) + parts


class Arithmetic:
    """What must hold whoever computes."""

    def test_ed25519(self):
        for public, message, signature in ED25519:
            key, good = _asymmetric.Ed25519Key(bytes.fromhex(public)), bytes.fromhex(signature)
            self.assertTrue(key.is_signed(message, good, ""))
            self.assertFalse(key.is_signed(message + b"x", good, ""))
            for at in (0, 31, 32, 63):
                changed = bytearray(good)
                changed[at] ^= 1
                self.assertFalse(key.is_signed(message, bytes(changed), ""), at)
            for other in (b"", good[:-1], good + b"\0"):
                self.assertFalse(key.is_signed(message, other, ""))
            # The same signature with another number of the same residue: malleable.
            s = int.from_bytes(good[32:], "little") + _ed25519._L
            self.assertFalse(key.is_signed(message, good[:32] + s.to_bytes(32, "little"), ""))

    def test_a_key_that_is_no_point(self):
        key = _asymmetric.Ed25519Key((2).to_bytes(32, "little"))
        self.assertFalse(key.is_signed(b"", bytes(64), ""))

    def test_p256(self):
        key = _asymmetric.P256Key(*P256_KEY)
        for message, r, s in P256:
            raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
            self.assertTrue(key.is_signed(message, raw, "raw"))
            self.assertTrue(key.is_signed(message, der(r, s), "der"))
            self.assertFalse(key.is_signed(message, raw, "der"))
            self.assertFalse(key.is_signed(message, der(r, s), "raw"))
            self.assertFalse(key.is_signed(message + b"x", raw, "raw"))
            for changed in ((r ^ 1, s), (r, s ^ 1), (0, s), (r, 0), (_p256._N, s), (r, _p256._N), (s, r)):
                self.assertFalse(key.is_signed(message, der(*changed), "der"), changed)

    def test_der_has_one_reading(self):
        key = _asymmetric.P256Key(*P256_KEY)
        message, r, s = P256[1]  # whose s is short
        good = der(r, s)
        number = good[2:37], good[37:]
        self.assertEqual(len(number[1]), 2 + 32)
        longer = number[0] + b"\x02\x21\x00" + number[1][2:]
        for bad in (
            good + b"\0",
            good[:-1],
            b"\x30\x81" + good[1:],
            b"\x31" + good[1:],
            b"\x30" + bytes([len(longer)]) + longer,
            b"\x30" + bytes([len(good)]) + good[2:] + b"\x05\x00",
            b"\x30\x00",
            b"\x30\x02\x02\x00",
            b"",
            b"\x30",
        ):
            self.assertFalse(key.is_signed(message, bad, "der"), bad.hex())


class WithoutDependencies(Arithmetic, unittest.TestCase):
    def setUp(self):
        patch = mock.patch.object(_asymmetric, "_HAS_CRYPTOGRAPHY", False)
        patch.start()
        self.addCleanup(patch.stop)

    def test_points_off_the_curve(self):
        x, y = P256_KEY
        for point in ((x, y ^ 1), (0, 0), (x + _p256._P, y), (x, y + _p256._P)):
            self.assertFalse(_p256.is_on_curve(*point))
            self.assertFalse(_p256.verify(*point, b"sample", *P256[0][1:]))

    def test_the_order_of_the_base_point(self):
        """Sums that meet at infinity or at the same point come out right."""
        base = _p256._BASE
        opposite = (base[0], -base[1] % _p256._P, 1)
        self.assertEqual(_p256._add(base, opposite), _p256._INFINITY)
        self.assertEqual(_p256._add(base, base), _p256._double(base))


@unittest.skipUnless(importlib.util.find_spec("cryptography"), "needs the package cryptography")
class WithCryptography(Arithmetic, unittest.TestCase):
    def test_both_agree_on_new_signatures(self):
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        self.assertTrue(_asymmetric._HAS_CRYPTOGRAPHY)
        for number in range(1, 9):
            message = b"m" * number
            one = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
            raw = one.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            self.assertTrue(_ed25519.verify(raw, message, one.sign(message)))
            self.assertFalse(_ed25519.verify(raw, message + b"m", one.sign(message)))
            other = ec.derive_private_key(number, ec.SECP256R1())
            point = other.public_key().public_numbers()
            r, s = utils.decode_dss_signature(other.sign(message, ec.ECDSA(hashes.SHA256())))
            self.assertTrue(_p256.verify(point.x, point.y, message, r, s))
            self.assertFalse(_p256.verify(point.x, point.y, message + b"m", r, s))


class Keys(unittest.TestCase):
    """One public key may be written in several ways."""

    def test_notations(self):
        from posthorn._public_key import looks_public, parse_public_key

        raw = bytes.fromhex(ED25519[0][0])
        spki = bytes.fromhex("302a300506032b6570032100") + raw
        x, y = (number.to_bytes(32, "big") for number in P256_KEY)
        point = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + b"\x04" + x + y

        def text(raw):
            return base64.b64encode(raw).decode()

        def pem(raw):
            return "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n" % text(raw)

        def number(raw):
            return base64.urlsafe_b64encode(raw).decode().rstrip("=")

        for written in (
            "whpk_" + text(raw),
            text(raw),
            raw.hex(),
            text(spki),
            pem(spki),
            '{"kty":"OKP","crv":"Ed25519","x":"%s"}' % number(raw),
        ):
            self.assertEqual(parse_public_key(written).raw, raw, written)
        for written in (
            text(point),
            pem(point),
            (b"\x04" + x + y).hex(),
            '{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}' % (number(x), number(y)),
        ):
            key = parse_public_key(written)
            self.assertEqual((key.x, key.y), P256_KEY, written)
        self.assertTrue(looks_public(pem(point)))
        for der in ("MCowBQYDK2VwAyEA" + "A" * 43 + "=", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + "A" * 86 + "=="):
            self.assertTrue(looks_public(der), der)
        self.assertFalse(looks_public("whsec_" + text(raw)))

    def test_what_is_none(self):
        from posthorn import BadSecret
        from posthorn._public_key import parse_public_key

        off = (b"\x04" + bytes(63) + b"\x01").hex()
        for bad in ("", "whpk_", "whpk_AAAA", "{", "{}", '{"kty":"OKP","crv":"Ed25519","x":1}', "{" * 5000, off, "04" * 33):
            with self.assertRaises(BadSecret, msg=bad[:80]):
                parse_public_key(bad)


