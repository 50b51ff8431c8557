package signature

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Sign returns the headers that a sender would set for this id, body and moment,
// by name. With several secrets every one signs, if the scheme has room for
// more than one signature; else the first does. For a scheme with public keys, the
// secrets are private keys: see ParsePrivateKey. Alternatives don't sign: call Sign
// of the one you mean. Headers that the content names come out as they are in
// given headers, and not otherwise. Receivers test themselves with it. The error
// is an *Error with BadScheme, BadSecret, MissingURL, or MalformedHeader for an id
// that a message signature can't cover.
func (s Scheme) Sign(secrets []string, id string, body []byte, now time.Time, options ...Option) (map[string]string, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	var set settings
	for _, option := range options {
		option(&set)
	}
	signers, err := s.signers(secrets)
	if err != nil {
		return nil, err
	}
	switch {
	case s.Message != nil:
		return s.signMessage(signers[0], id, body, now, set.url)
	case s.Algorithm == JWTHS256:
		return s.signClaims(signers[0], id, body, now)
	}
	if s.Separator == "" {
		signers = signers[:1]
	}
	c := claim{id: id, timestamp: s.timestampOf(now), url: set.url}
	if strings.Contains(s.Content, "{"+headerPrefix) || strings.Contains(s.Content, "{url}") && set.url == "" {
		return nil, &Error{Problem: MissingURL, Detail: "what is signed names a URL or headers that aren't given"}
	}
	entries := make([]string, 0, len(signers)+1)
	if s.TimestampPrefix != "" {
		entries = append(entries, s.TimestampPrefix+c.timestamp)
	}
	var content bytes.Buffer
	s.writeContent(&content, c, body)
	for _, sign := range signers {
		raw, err := sign(content.Bytes())
		if err != nil {
			return nil, err
		}
		entries = append(entries, string(s.Encoding.Append([]byte(s.Prefix), raw)))
	}
	headers := map[string]string{s.Header: strings.Join(entries, s.Separator)}
	if s.TimestampHeader != "" {
		headers[s.TimestampHeader] = c.timestamp
	}
	if s.IDHeader != "" {
		headers[s.IDHeader] = id
	}
	return headers, nil
}

func (s *Scheme) timestampOf(now time.Time) string {
	if s.TimestampUnit == Milliseconds {
		return strconv.FormatInt(now.UnixMilli(), 10)
	}
	return strconv.FormatInt(now.Unix(), 10)
}

// signer signs content with one key.
type signer func(content []byte) ([]byte, error)

func (s *Scheme) signers(secrets []string) ([]signer, error) {
	if len(secrets) == 0 {
		return nil, &Error{Problem: BadSecret, Detail: "none was given"}
	}
	signers := make([]signer, 0, len(secrets))
	for _, secret := range secrets {
		made, err := s.signer(secret)
		if err != nil {
			return nil, err
		}
		signers = append(signers, made)
	}
	return signers, nil
}

func (s *Scheme) signer(secret string) (signer, error) {
	switch s.Algorithm {
	case Token:
		return func([]byte) ([]byte, error) { return []byte(secret), nil }, nil
	case ECDSAP256:
		return nil, &Error{Problem: BadSecret, Detail: "a private key of P-256 isn't read from text; sign with SignWithKey"}
	case Ed25519:
		private, err := ParsePrivateKey(secret)
		return func(content []byte) ([]byte, error) {
			return SignWithKey(crypto.Signer(private), s.Algorithm, s.ECDSA, content)
		}, err
	default:
		return s.hashSigner(secret)
	}
}

func (s *Scheme) hashSigner(secret string) (signer, error) {
	shared, err := Key(secret, s.Key, s.KeyPrefix)
	if err != nil {
		return nil, err
	}
	algorithm := s.Algorithm
	if algorithm == JWTHS256 {
		algorithm = HMACSHA256
	}
	return func(content []byte) ([]byte, error) {
		mac, err := algorithm.New(shared)
		if err != nil {
			return nil, err
		}
		_, _ = mac.Write(content) // writing to a hash can't fail
		return mac.Sum(nil), nil
	}, nil
}

// signMessage signs what the scheme wants covered, with headers of the usual
// kinds.
func (s *Scheme) signMessage(sign signer, id string, body []byte, now time.Time, url string) (map[string]string, error) {
	headers := map[string]string{contentDigest: "sha-256=:" + base64.StdEncoding.EncodeToString(digestOf("sha256", body)) + ":"}
	quoted := make([]string, 0, len(s.Message.Components))
	for _, name := range s.Message.Components {
		quoted = append(quoted, strconv.Quote(name))
		switch {
		case name == contentDigest || strings.HasPrefix(name, "@"):
		case strings.EqualFold(name, s.IDHeader):
			headers[name] = id
		case strings.EqualFold(name, s.TimestampHeader):
			headers[name] = s.timestampOf(now)
		case name == "content-type":
			headers[name] = "application/json"
		default:
			return nil, badScheme("it covers " + quote(name) + ", whose value isn't given")
		}
	}
	r := request{headers: map[string][]string{}, body: body, url: url}
	for name, value := range headers {
		r.headers[name] = []string{value}
	}
	written := fmt.Sprintf("(%s);created=%d;alg=%q", strings.Join(quoted, " "), now.Unix(), string(s.Algorithm))
	base, err := messageBase(messageInput{written: written, components: s.Message.Components}, &r)
	if err != nil {
		return nil, err
	}
	raw, err := sign(base)
	if err != nil {
		return nil, err
	}
	headers[signatureInput] = "sig1=" + written
	headers[messageSignature] = "sig1=:" + base64.StdEncoding.EncodeToString(raw) + ":"
	return headers, nil
}

func (s *Scheme) signClaims(sign signer, id string, body []byte, now time.Time) (map[string]string, error) {
	claims := map[string]any{s.Claims.Digest: string(s.Claims.Encoding.Append(nil, digestOf(s.Claims.Hash, body)))}
	if s.Claims.Timestamp != "" {
		claims[s.Claims.Timestamp] = now.Unix()
	}
	if s.Claims.Expires != "" {
		claims[s.Claims.Expires] = now.Add(max(s.Tolerance, time.Minute)).Unix()
	}
	if s.Claims.ID != "" {
		claims[s.Claims.ID] = id
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return nil, fmt.Errorf("writing the claims: %w", err)
	}
	token := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	raw, err := sign([]byte(token))
	if err != nil {
		return nil, err
	}
	return map[string]string{s.Header: s.Prefix + token + "." + base64.RawURLEncoding.EncodeToString(raw)}, nil
}
