package detect

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"math/big"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// match is a signature that was made again.
type match struct {
	candidate
	algorithm posthorn.SignatureAlgorithm
	ecdsa     posthorn.ECDSAForm
	reading   reading
	content   []piece
	separator string
}

// keyed is a reading with the hashes that it makes keys for.
type keyed struct {
	reading
	hashes map[posthorn.SignatureAlgorithm]hash.Hash
}

// public is a public key that was given in the place of a secret.
type public struct {
	key    crypto.PublicKey
	secret int
}

// search looks for what was signed.
type search struct {
	candidates []candidate
	isFound    []bool
	keys       []keyed
	publics    []public
	matches    []match
	budget     *Budget
	// tried counts the attempts.
	tried int
}

// hashOfLength returns the HMAC that makes signatures of so many bytes.
func hashOfLength(length int) (posthorn.SignatureAlgorithm, bool) {
	const sha1Size, sha256Size, sha512Size = 20, 32, 64
	switch length {
	case sha1Size:
		return posthorn.HMACSHA1, true
	case sha256Size:
		return posthorn.HMACSHA256, true
	case sha512Size:
		return posthorn.HMACSHA512, true
	default:
		return "", false
	}
}

func newSearch(found []candidate, all []reading, publics []public, budget *Budget) *search {
	s := &search{candidates: found, isFound: make([]bool, len(found)), publics: publics, budget: budget}
	for _, one := range all {
		k := keyed{reading: one, hashes: map[posthorn.SignatureAlgorithm]hash.Hash{}}
		for _, candidate := range found {
			algorithm, isHash := hashOfLength(len(candidate.raw))
			if !isHash || k.hashes[algorithm] != nil {
				continue
			}
			if mac, err := signature.Algorithm(algorithm).New(one.key); err == nil {
				k.hashes[algorithm] = mac
			}
		}
		s.keys = append(s.keys, k)
	}
	return s
}

// isOver reports whether nothing is left to find, or to spend.
func (s *search) isOver() bool {
	return len(s.matches) == len(s.candidates) || s.budget.isOver()
}

// try signs a content with every key and compares.
func (s *search) try(content []piece, separator string) {
	length := 0
	for _, p := range content {
		length += len(p.text) + len(separator)
	}
	for i := range s.keys {
		for algorithm, mac := range s.keys[i].hashes {
			if !s.budget.Take(costOfAnotherHash + time.Duration(length)*costOfByte) {
				return
			}
			s.tried++
			sum := sumOf(mac, content, separator)
			for at := range s.candidates {
				if !s.isFound[at] && hmac.Equal(sum, s.candidates[at].raw) {
					s.found(at, match{algorithm: algorithm, reading: s.keys[i].reading, content: content, separator: separator})
				}
			}
		}
	}
	for _, one := range s.publics {
		s.tryPublic(one, content, separator, length)
	}
}

func (s *search) found(at int, m match) {
	m.candidate, m.content = s.candidates[at], append([]piece(nil), m.content...)
	s.isFound[at] = true
	s.matches = append(s.matches, m)
}

func sumOf(mac hash.Hash, content []piece, separator string) []byte {
	mac.Reset()
	for i := range content {
		if i > 0 {
			_, _ = mac.Write([]byte(separator)) // writing to a hash can't fail
		}
		_, _ = mac.Write(content[i].text)
	}
	return mac.Sum(nil)
}

func (s *search) tryPublic(one public, content []piece, separator string, length int) {
	if !s.budget.Take(costOfHash + time.Duration(length)*costOfScannedByte) {
		return
	}
	text := make([]byte, 0, length)
	for i := range content {
		if i > 0 {
			text = append(text, separator...)
		}
		text = append(text, content[i].text...)
	}
	for at := range s.candidates {
		const shortest = 64
		if s.isFound[at] || len(s.candidates[at].raw) < shortest {
			continue
		}
		if !s.budget.Take(costOfPublicTry(one.key) + time.Duration(length)*costOfByte) {
			return
		}
		s.tried++
		algorithm, form, isSigned := verifyPublic(one.key, text, s.candidates[at].raw)
		if isSigned {
			s.found(at, match{algorithm: algorithm, ecdsa: form, reading: reading{secret: one.secret}, content: content, separator: separator})
		}
	}
}

// costOfPublicTry is that of one signature; those of ECDSA are tried in two forms.
func costOfPublicTry(key crypto.PublicKey) time.Duration {
	if _, isEd25519 := key.(ed25519.PublicKey); isEd25519 {
		return costOfEd25519
	}
	const forms = 2
	return forms * costOfECDSA
}

func verifyPublic(key crypto.PublicKey, text, signed []byte) (posthorn.SignatureAlgorithm, posthorn.ECDSAForm, bool) {
	switch key := key.(type) {
	case ed25519.PublicKey:
		return posthorn.Ed25519, "", len(signed) == ed25519.SignatureSize && ed25519.Verify(key, text, signed)
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(text)
		if ecdsa.VerifyASN1(key, digest[:], signed) {
			return posthorn.ECDSAP256, posthorn.ECDSADER, true
		}
		const half = 32
		if len(signed) != 2*half {
			return "", "", false
		}
		r, s := new(big.Int).SetBytes(signed[:half]), new(big.Int).SetBytes(signed[half:])
		return posthorn.ECDSAP256, posthorn.ECDSARaw, ecdsa.Verify(key, digest[:], r, s)
	default:
		return "", "", false
	}
}
