package signature_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/posthorn/posthorn/signature"
)

// Whatever arrives, Verify answers with an *Error and never with a panic; and
// without the secret nothing is accepted.
func FuzzVerify(f *testing.F) {
	for _, v := range vectors(f) {
		scheme, err := v.scheme()
		if err != nil {
			continue // there is nothing to verify with
		}
		text, err := json.Marshal(scheme)
		if err != nil {
			f.Fatal(err)
		}
		headers, err := json.Marshal(v.headers())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, headers, []byte(v.Body), v.URL)
	}
	f.Fuzz(func(t *testing.T, scheme, headers, body []byte, url string) {
		var s signature.Scheme
		var received map[string][]string
		if json.Unmarshal(scheme, &s) != nil || json.Unmarshal(headers, &received) != nil {
			return
		}
		for _, secrets := range [][]string{{"a secret that nobody signed with"}, {"whpk_n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU="}} {
			_, err := s.Verify(secrets, received, body, moment(), signature.WithAnyTimestamp(), signature.WithURL(url))
			var problem *signature.Error
			if !errors.As(err, &problem) || problem.Error() == "" {
				t.Errorf("accepted, or not our error: %v", err)
			}
		}
	})
}

// What was signed is accepted, whatever the body and the secret are.
func FuzzSignThenVerify(f *testing.F) {
	f.Add("secret", "evt_1", []byte(`{"a":1}`), int64(1_777_896_000))
	f.Add("whsec_AAAA", "x", []byte(nil), int64(0))
	f.Add("{body}", "{timestamp}", []byte("{id}"), int64(999_999_999_999))
	f.Fuzz(func(t *testing.T, secret, id string, body []byte, seconds int64) {
		now := moment()
		if seconds >= 0 && seconds < 1e12 {
			now = time.Unix(seconds, 0)
		}
		for _, format := range signature.Formats() {
			s := scheme(t, format)
			headers, err := s.Sign([]string{secret}, id, body, now, atURL())
			if errors.Is(err, signature.BadSecret) || s.IDHeader != "" && errors.Is(err, signature.MalformedHeader) { // the id
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Verify([]string{secret}, received(headers), body, now, atURL())
			if err != nil && (s.IDHeader == "" || !errors.Is(err, signature.MalformedHeader) && !errors.Is(err, signature.NoMatch)) { // the id
				t.Errorf("%s: %v", format, err)
			}
		}
	})
}
