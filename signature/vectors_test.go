package signature_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn/signature"
)

// vector is a request and what a receiver must say of it. The file itself tells
// what its fields are; the libraries in other languages read it, too.
type vector struct {
	Name       string
	Format     string
	Scheme     json.RawMessage
	Secrets    []string
	PublicKeys []string
	URL        string
	Headers    [][2]string
	Body       string
	Now        int64
	Expect     string
	Header     string
	Age        int64
	ID         *string
	Timestamp  int64
	Secret     int
}

func vectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) < 200 {
		t.Fatalf("only %d vectors", len(file.Vectors))
	}
	return file.Vectors
}

func (v vector) headers() map[string][]string {
	headers := map[string][]string{}
	for _, pair := range v.Headers {
		headers[pair[0]] = append(headers[pair[0]], pair[1])
	}
	return headers
}

func (v vector) scheme() (signature.Scheme, error) {
	scheme, _ := signature.Lookup(v.Format)
	if v.Scheme == nil {
		return scheme, nil
	}
	err := json.Unmarshal(v.Scheme, &scheme)
	return scheme, err
}

func (v vector) verify() (signature.Verified, error) {
	secrets, now := append(v.Secrets, v.PublicKeys...), time.Unix(v.Now, 0)
	var options []signature.Option
	if v.URL != "" {
		options = append(options, signature.WithURL(v.URL))
	}
	scheme, err := v.scheme()
	if err != nil {
		return signature.Verified{}, err
	}
	return scheme.Verify(secrets, v.headers(), []byte(v.Body), now, options...)
}

// received is how the headers arrive.
func received(headers map[string]string) map[string][]string {
	values := make(map[string][]string, len(headers))
	for name, value := range headers {
		values[name] = []string{value}
	}
	return values
}

// Requests that were signed by code that isn't ours are accepted, and what was
// changed about them is told precisely.
func TestVectors(t *testing.T) {
	t.Parallel()
	accepted := map[string]bool{}
	for _, v := range vectors(t) {
		verified, err := v.verify()
		if v.Expect == "ok" {
			accepted[v.Format] = true
			if err != nil || v.ID != nil && verified.ID != *v.ID || v.Timestamp != 0 && verified.Timestamp.Unix() != v.Timestamp || verified.Secret != v.Secret {
				t.Errorf("%s: %+v, %v", v.Name, verified, err)
			}
			continue
		}
		var problem *signature.Error
		if !errors.As(err, &problem) || string(problem.Problem) != v.Expect || v.Header != "" && !strings.EqualFold(problem.Header, v.Header) {
			t.Errorf("%s: %v, want %s of %q", v.Name, err, v.Expect, v.Header)
			continue
		}
		if v.Age != 0 && problem.Age != time.Duration(v.Age)*time.Second {
			t.Errorf("%s: the age is %v, want %d s", v.Name, problem.Age, v.Age)
		}
		for _, secret := range v.Secrets {
			if secret != "" && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error shows the secret: %v", v.Name, err)
			}
		}
	}
	for _, format := range signature.Formats() {
		if !accepted[format] {
			t.Errorf("no accepted request of %s", format)
		}
	}
}
