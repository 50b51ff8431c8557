package signature_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn/signature"
)

// Guards that a signature of another length is told by the lengths alone.
func TestOtherLengths(t *testing.T) {
	t.Parallel()
	headers := received(signed(t, "standard", newSecret))
	headers["webhook-signature"] = []string{"v1,AAAA"}
	_, err := signature.Verify("standard", []string{newSecret}, headers, body, moment())
	const want = "signature: the header webhook-signature can't be read: the signature has 3 bytes, one of hmac-sha256 has 32"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// A receiver is told the one precise reason, and which header it is about.
func TestProblems(t *testing.T) {
	t.Parallel()
	const header, timestamp, id = "webhook-signature", "webhook-timestamp", "webhook-id"
	good := received(signed(t, "standard", newSecret))
	with := func(name string, values ...string) map[string][]string {
		headers := maps.Clone(good)
		headers[name] = values
		return headers
	}
	entry := good[header][0]
	cases := []struct {
		name    string
		headers map[string][]string
		problem signature.Problem
		header  string
	}{
		{"no headers", nil, signature.MissingHeader, header},
		{"no signature", with(header), signature.MissingHeader, header},
		{"no timestamp", with(timestamp), signature.MissingHeader, timestamp},
		{"no id", with(id), signature.MissingHeader, id},
		{"empty signature", with(header, ""), signature.MalformedHeader, header},
		{"empty id", with(id, ""), signature.MalformedHeader, id},
		{"signature twice", with(header, entry, entry), signature.DoubledHeader, header},
		{"signature twice in two cases", with("Webhook-Signature", entry), signature.DoubledHeader, header},
		{"timestamp twice", with(timestamp, "1777896000", "1777896000"), signature.DoubledHeader, timestamp},
		{"id twice", with(id, "evt_1", "evt_1"), signature.DoubledHeader, id},
		{"another version only", with(header, "v1a,"+strings.TrimPrefix(entry, "v1,")), signature.MalformedHeader, header},
		{"no version", with(header, strings.TrimPrefix(entry, "v1,")), signature.MalformedHeader, header},
		{"not base64", with(header, "v1,!!!!"), signature.MalformedHeader, header},
		{"nothing behind the version", with(header, "v1,"), signature.MalformedHeader, header},
		{"without padding", with(header, strings.TrimRight(entry, "=")), signature.MalformedHeader, header},
		{"cut short", with(header, "v1,AAAA"), signature.MalformedHeader, header},
		{"too many entries", with(header, strings.Repeat("v1,AAAA ", 100)+entry), signature.MalformedHeader, header},
		{"too long", with(header, "v1,"+strings.Repeat("A", 1<<20)), signature.MalformedHeader, header},
		{"timestamp with a sign", with(timestamp, "+1777896000"), signature.MalformedHeader, timestamp},
		{"timestamp with a fraction", with(timestamp, "1777896000.0"), signature.MalformedHeader, timestamp},
		{"timestamp as a date", with(timestamp, "2026-05-04T12:00:00Z"), signature.MalformedHeader, timestamp},
		{"timestamp out of range", with(timestamp, "99999999999999999999"), signature.MalformedHeader, timestamp},
		{"id with a dot", with(id, "evt.1"), signature.MalformedHeader, id},
	}
	for _, c := range cases {
		_, err := signature.Verify("standard", []string{newSecret}, c.headers, body, moment())
		var problem *signature.Error
		if !errors.As(err, &problem) || problem.Problem != c.problem || problem.Header != c.header {
			t.Errorf("%s: %v, want %s of %s", c.name, err, c.problem, c.header)
		}
	}
}

// Entries of later versions, other orders and spare spaces don't get in the way.
func TestEntriesOfOtherVersionsArePassedOver(t *testing.T) {
	t.Parallel()
	standard := received(signed(t, "standard", newSecret))
	standard["webhook-signature"][0] = "v1a,AAAA  v1,BBBB " + standard["webhook-signature"][0] + " v2,x"
	if _, err := signature.Verify("standard", []string{newSecret}, standard, body, moment()); err != nil {
		t.Error(err)
	}
	ascendkit := received(signed(t, "ascendkit", newSecret))
	at, entry, _ := strings.Cut(ascendkit["X-AscendKit-Signature"][0], ",")
	ascendkit["X-AscendKit-Signature"][0] = "v0=00, " + strings.Replace(entry, "v1=", "v1=00,v1=", 1) + " , " + at
	if _, err := signature.Verify("ascendkit", []string{newSecret}, ascendkit, body, moment()); err != nil {
		t.Error(err)
	}
}

// Two timestamps must not leave it open which one was meant.
func TestTimestampsMustAgree(t *testing.T) {
	t.Parallel()
	headers := signed(t, "ascend", newSecret)
	for name, change := range map[string]func(map[string]string){
		"the header differs": func(h map[string]string) { h["X-Ascend-Request-Timestamp"] = "1777896001" },
		"the entry differs": func(h map[string]string) {
			h["X-Ascend-Signature"] = strings.Replace(h["X-Ascend-Signature"], "1777896000", "1777896001", 1)
		},
		"the entry is doubled": func(h map[string]string) { h["X-Ascend-Signature"] = "t=1777896000," + h["X-Ascend-Signature"] },
		"the entry is missing": func(h map[string]string) {
			h["X-Ascend-Signature"] = strings.TrimPrefix(h["X-Ascend-Signature"], "t=1777896000,")
		},
	} {
		changed := maps.Clone(headers)
		change(changed)
		if _, err := signature.Verify("ascend", []string{newSecret}, received(changed), body, moment()); !errors.Is(err, signature.MalformedHeader) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A receiver without a usable secret accepts nothing, and no error shows a
// secret.
func TestUnusableSecrets(t *testing.T) {
	t.Parallel()
	headers := received(signed(t, "standard", newSecret))
	for _, secrets := range [][]string{nil, {}, {""}, {"whsec_"}, {"whsec_not*base64"}, {newSecret, "whsec_not*base64"}} {
		_, err := signature.Verify("standard", secrets, headers, body, moment())
		if !errors.Is(err, signature.BadSecret) {
			t.Errorf("%q: %v", secrets, err)
		}
		if err != nil && strings.Contains(err.Error(), "not*base64") {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	t.Parallel()
	if _, err := signature.Verify("nobody", []string{newSecret}, nil, body, moment()); !errors.Is(err, signature.UnknownFormat) {
		t.Error(err)
	}
}

// A scheme that would verify less than it seems to is refused.
func TestBadSchemes(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*signature.Scheme){
		"no header":                  func(s *signature.Scheme) { s.Header = "" },
		"the body isn't signed":      func(s *signature.Scheme) { s.Content = "{id}.{timestamp}" },
		"an unknown placeholder":     func(s *signature.Scheme) { s.Content += "{secret}" },
		"an open brace":              func(s *signature.Scheme) { s.Content += "{" },
		"the id isn't signed":        func(s *signature.Scheme) { s.Content = "{timestamp}.{body}" },
		"the id is nowhere":          func(s *signature.Scheme) { s.IDHeader = "" },
		"the timestamp isn't signed": func(s *signature.Scheme) { s.Content = "{id}.{body}" },
		"the timestamp is nowhere":   func(s *signature.Scheme) { s.TimestampHeader = "" },
		"no prefix among several":    func(s *signature.Scheme) { s.Prefix = "" },
		"one prefix for two things":  func(s *signature.Scheme) { s.TimestampPrefix = s.Prefix },
		"no separator":               func(s *signature.Scheme) { s.Separator, s.TimestampPrefix = "", "t=" },
		"a negative tolerance":       func(s *signature.Scheme) { s.Tolerance = -1 },
		"an unknown algorithm":       func(s *signature.Scheme) { s.Algorithm = "md5" },
		"a signature as text":        func(s *signature.Scheme) { s.Encoding = signature.Text },
		"an unknown encoding":        func(s *signature.Scheme) { s.Encoding = "base32" },
		"a message in ECDSA's DER": func(s *signature.Scheme) {
			message := signature.Message{Components: []string{"content-digest"}}
			*s = signature.Scheme{Algorithm: signature.ECDSAP256, Message: &message} // an empty form is DER
		},
		"an unknown key": func(s *signature.Scheme) { s.Key = "base32" },
	} {
		changed := scheme(t, "standard")
		change(&changed)
		headers := received(signed(t, "standard", newSecret))
		if _, err := changed.Verify([]string{newSecret}, headers, body, moment()); !errors.Is(err, signature.BadScheme) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := changed.Sign([]string{newSecret}, "evt_1", body, moment()); !errors.Is(err, signature.BadScheme) {
			t.Errorf("%s, signing: %v", name, err)
		}
	}
}

// A tolerance that is asked for must not make a mixture of schemes: one that signs no
// time would accept what the other refuses.
func TestToleranceMakesNoMixture(t *testing.T) {
	t.Parallel()
	timed := signature.Scheme{Algorithm: signature.HMACSHA256, Encoding: signature.Hex, Key: signature.Text, Content: "{timestamp}.{body}", Header: "X-Timed", TimestampHeader: "X-Time"}
	plain := signature.Scheme{Algorithm: signature.HMACSHA256, Encoding: signature.Hex, Key: signature.Text, Content: "{body}", Header: "X-Plain"}
	token := signature.Scheme{Algorithm: signature.Token, Encoding: signature.Text, Header: "X-Token", TimestampHeader: "X-Time"}
	headers, err := timed.Sign([]string{newSecret}, "", body, moment())
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []signature.Scheme{plain, token} {
		mixed := timed
		mixed.Alternatives = []signature.Scheme{other}
		for _, options := range [][]signature.Option{nil, {signature.WithAnyTimestamp()}} {
			if _, err := mixed.Verify([]string{newSecret}, received(headers), body, moment(), options...); err != nil {
				t.Errorf("with %d options: %v", len(options), err)
			}
		}
		if _, err := mixed.Verify([]string{newSecret}, received(headers), body, moment(), signature.WithTolerance(time.Minute)); !errors.Is(err, signature.BadScheme) {
			t.Errorf("with a tolerance: %v", err)
		}
		mixed.Tolerance = time.Minute
		if _, err := mixed.Verify([]string{newSecret}, received(headers), body, moment(), signature.WithAnyTimestamp()); !errors.Is(err, signature.BadScheme) {
			t.Errorf("with a tolerance of its own: %v", err)
		}
	}
}

// Who looks at recorded requests sees those that have expired, and no others do.
func TestExpiredTokensOfRecords(t *testing.T) {
	t.Parallel()
	s := signature.Scheme{
		Algorithm: signature.JWTHS256, Key: signature.Text, Header: "X-Token",
		Claims: &signature.Claims{Digest: "body", Hash: "sha256", Encoding: signature.Hex, Expires: "exp"},
	}
	headers, err := s.Sign([]string{newSecret}, "", body, moment())
	if err != nil {
		t.Fatal(err)
	}
	later := moment().Add(time.Hour)
	if _, err := s.Verify([]string{newSecret}, received(headers), body, later, signature.WithAnyTimestamp()); err != nil {
		t.Error(err)
	}
	for _, options := range [][]signature.Option{nil, {signature.WithTolerance(2 * time.Hour)}} {
		_, err := s.Verify([]string{newSecret}, received(headers), body, later, options...)
		if !errors.Is(err, signature.TooOld) || !strings.Contains(err.Error(), "expired 59m0s ago") {
			t.Errorf("with %d options: %v", len(options), err)
		}
	}
}
