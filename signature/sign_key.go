package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
)

// ECDSAForm names how the two numbers of an ECDSA signature become bytes.
type ECDSAForm string

// The forms: the ASN.1 of RFC 3279, or both numbers as 32 bytes each (RFC 7518,
// section 3.4).
const (
	ECDSADER ECDSAForm = "der"
	ECDSARaw ECDSAForm = "raw"
)

// SignWithKey signs content with a private key: an ed25519.PrivateKey, an
// *ecdsa.PrivateKey over P-256, or a signer that does as they do. ECDSA
// signatures of Go's own keys are deterministic (RFC 6979). The error is an
// *Error with BadSecret when the key isn't of that algorithm or fails.
func SignWithKey(key crypto.Signer, algorithm Algorithm, form ECDSAForm, content []byte) ([]byte, error) {
	if key == nil {
		return nil, &Error{Problem: BadSecret, Detail: "there is no key"}
	}
	switch public := key.Public().(type) {
	case ed25519.PublicKey:
		if algorithm != Ed25519 {
			return nil, wrongKey(algorithm)
		}
		return signed(key.Sign(nil, content, crypto.Hash(0)))
	case *ecdsa.PublicKey:
		if algorithm != ECDSAP256 || public.Curve != elliptic.P256() {
			return nil, wrongKey(algorithm)
		}
		digest := sha256.Sum256(content)
		der, err := signed(key.Sign(nil, digest[:], crypto.SHA256))
		if err != nil || form != ECDSARaw {
			return der, err
		}
		return rawFromDER(der)
	default:
		return nil, wrongKey(algorithm)
	}
}

func wrongKey(algorithm Algorithm) error {
	return &Error{Problem: BadSecret, Detail: "the key is not one for " + string(algorithm)}
}

func signed(raw []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, &Error{Problem: BadSecret, Detail: "the key failed to sign"}
	}
	return raw, nil
}

// rawBytes is the length of both numbers of a P-256 signature.
const rawBytes = 64

type ecdsaNumbers struct{ R, S *big.Int }

func rawFromDER(der []byte) ([]byte, error) {
	var numbers ecdsaNumbers
	rest, err := asn1.Unmarshal(der, &numbers)
	if err != nil || len(rest) > 0 || numbers.R.Sign() < 0 || numbers.S.Sign() < 0 || numbers.R.BitLen() > 256 || numbers.S.BitLen() > 256 {
		return nil, &Error{Problem: BadSecret, Detail: "the key made no ECDSA signature over P-256"}
	}
	raw := make([]byte, rawBytes)
	numbers.R.FillBytes(raw[:rawBytes/2])
	numbers.S.FillBytes(raw[rawBytes/2:])
	return raw, nil
}
