package signature_test

import (
	"errors"
	"testing"
	"time"

	"github.com/posthorn/posthorn/signature"
)

// Whatever arrives, Verify answers with an *Error and never with a panic; and
// without the secret nothing is accepted.
func FuzzVerify(f *testing.F) {
	for _, v := range vectors(f) {
		s := scheme(f, v.Format)
		f.Add(v.Format, v.Headers[s.Header], v.Headers[s.TimestampHeader], v.ID, []byte(v.Body))
	}
	f.Add("ascend", "t=,v1=,t=1,v1", "-1", "", []byte(nil))
	f.Fuzz(func(t *testing.T, format, value, timestamp, id string, body []byte) {
		s, found := signature.Lookup(format)
		if !found {
			s, _ = signature.Lookup("standard")
		}
		headers := map[string][]string{s.Header: {value}, s.TimestampHeader: {timestamp}, s.IDHeader: {id}}
		_, err := s.Verify([]string{"a secret that nobody signed with"}, headers, body, moment(), signature.WithAnyTimestamp())
		var problem *signature.Error
		if !errors.As(err, &problem) || problem.Error() == "" {
			t.Errorf("accepted, or not our error: %v", err)
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
			headers, err := s.Sign([]string{secret}, id, body, now)
			if errors.Is(err, signature.BadSecret) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Verify([]string{secret}, received(headers), body, now)
			if err != nil && (format != "standard" || !errors.Is(err, signature.MalformedHeader)) { // the id
				t.Errorf("%s: %v", format, err)
			}
		}
	})
}
