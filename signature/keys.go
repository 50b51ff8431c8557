package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"io"
)

// writer takes what is signed; it never fails.
type writer = io.Writer

// key is a secret or a public key, ready to verify with.
type key struct {
	// index is the place of the secret that it was made of.
	index  int
	shared []byte
	public crypto.PublicKey
}

// keys makes keys of the secrets. It takes those of the scheme's kind, and leaves those
// that are for its alternatives.
func (s *Scheme) keys(secrets []string, takes kinds) ([]key, error) {
	if len(secrets) == 0 {
		return nil, &Error{Problem: BadSecret, Detail: "none was given"}
	}
	keys := make([]key, 0, len(secrets))
	for i, secret := range secrets {
		if takes.public && takes.isPublic(secret) != s.Algorithm.isAsymmetric() {
			continue
		}
		made := key{index: i}
		var err error
		switch {
		case s.Algorithm.isAsymmetric():
			made.public, err = s.publicKey(secret)
		case s.Algorithm == Token && secret != "" && !looksPublic(secret):
			made.shared = s.Encoding.Append(nil, []byte(secret))
		default:
			made.shared, err = Key(secret, s.Key, s.KeyPrefix)
		}
		if err != nil {
			return nil, err
		}
		keys = append(keys, made)
	}
	return keys, nil
}

// publicKey reads a public key of the scheme's algorithm.
func (s *Scheme) publicKey(secret string) (crypto.PublicKey, error) {
	public, err := ParsePublicKey(secret)
	if err != nil {
		return nil, err
	}
	_, isEd25519 := public.(ed25519.PublicKey)
	_, isECDSA := public.(*ecdsa.PublicKey)
	if isEd25519 != (s.Algorithm == Ed25519) || isECDSA != (s.Algorithm == ECDSAP256) {
		return nil, wrongKey(s.Algorithm)
	}
	return public, nil
}

// checker returns what tells whether a signature is the key's over the content
// that write writes.
func (k *key) checker(s *Scheme, write func(writer)) (func(signature []byte) bool, error) {
	if k.public != nil {
		var content bytes.Buffer
		write(&content)
		return func(signature []byte) bool { return isSignedBy(k.public, s.ECDSA, content.Bytes(), signature) }, nil
	}
	algorithm := s.Algorithm
	if algorithm == JWTHS256 {
		algorithm = HMACSHA256
	}
	mac, err := algorithm.New(k.shared)
	if err != nil {
		return nil, err
	}
	write(mac)
	expected := mac.Sum(nil)
	return func(signature []byte) bool { return hmac.Equal(expected, signature) }, nil
}
