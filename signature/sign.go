package signature

import (
	"hash"
	"io"
	"strconv"
	"strings"
	"time"
)

// Sign returns the headers that a sender would set for this id, body and moment,
// by name. With several secrets every one signs, if the scheme has room for
// more than one signature; else the first does. Receivers test themselves with
// it. The error is an *Error with BadScheme or BadSecret.
func (s Scheme) Sign(secrets []string, id string, body []byte, now time.Time) (map[string]string, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	keys, err := s.keys(secrets)
	if err != nil {
		return nil, err
	}
	if s.Separator == "" {
		keys = keys[:1]
	}
	claim := claim{id: id, timestamp: strconv.FormatInt(now.Unix(), 10)}
	entries := make([]string, 0, len(keys)+1)
	if s.TimestampPrefix != "" {
		entries = append(entries, s.TimestampPrefix+claim.timestamp)
	}
	for _, key := range keys {
		sum, err := s.sum(key, claim, body)
		if err != nil {
			return nil, err
		}
		entries = append(entries, string(s.Encoding.Append([]byte(s.Prefix), sum)))
	}
	headers := map[string]string{s.Header: strings.Join(entries, s.Separator)}
	if s.TimestampHeader != "" {
		headers[s.TimestampHeader] = claim.timestamp
	}
	if s.IDHeader != "" {
		headers[s.IDHeader] = id
	}
	return headers, nil
}

// claim is what a request says about itself beside its body, as the text that
// was received.
type claim struct {
	id        string
	timestamp string
}

func (s Scheme) sum(key []byte, c claim, body []byte) ([]byte, error) {
	mac, err := s.Algorithm.New(key)
	if err != nil {
		return nil, err
	}
	s.writeContent(mac, c, body)
	return mac.Sum(nil), nil
}

// writeContent fills in the content's placeholders in one pass, so that a value
// which looks like a placeholder stays what it is. Writing to a hash can't fail.
func (s Scheme) writeContent(to hash.Hash, c claim, body []byte) {
	rest := s.Content
	for rest != "" {
		literal, placeholder, found := strings.Cut(rest, "{")
		_, _ = io.WriteString(to, literal)
		if !found {
			return
		}
		name, after, _ := strings.Cut(placeholder, "}")
		switch name {
		case "id":
			_, _ = io.WriteString(to, c.id)
		case "timestamp":
			_, _ = io.WriteString(to, c.timestamp)
		case "body":
			_, _ = to.Write(body)
		}
		rest = after
	}
}

func (s Scheme) keys(secrets []string) ([][]byte, error) {
	if len(secrets) == 0 {
		return nil, &Error{Problem: BadSecret, Detail: "none was given"}
	}
	keys := make([][]byte, 0, len(secrets))
	for _, secret := range secrets {
		key, err := Key(secret, s.Key, s.KeyPrefix)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}
