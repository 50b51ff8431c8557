package detect_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/detect"
	"github.com/posthorn/posthorn/internal/wire"
	"github.com/posthorn/posthorn/signature"
)

func noon() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }

func builtIn(t testing.TB) []posthorn.Format {
	t.Helper()
	formats, err := wire.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	return formats
}

func compile(t testing.TB, format posthorn.Format) *wire.Dialect {
	t.Helper()
	compiled, err := wire.Compile(format)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// sender is somebody who sends events to one webhook.
type sender struct {
	random  *rand.Rand
	webhook posthorn.Webhook
}

func newSender(seed uint64, secret string) *sender {
	s := &sender{random: rand.New(rand.NewPCG(seed, 1))}
	s.webhook = posthorn.Webhook{
		ID: newID[posthorn.WebhookID](s), WorkspaceID: newID[posthorn.WorkspaceID](s), ProjectID: newID[posthorn.ProjectID](s), EnvironmentID: newID[posthorn.EnvironmentID](s),
		URL: fmt.Sprintf("https://r%d.example.com/hooks/%d?a=b", seed, seed), Secrets: []posthorn.SigningSecret{{Value: posthorn.Secret(secret)}},
	}
	return s
}

func newID[T ~[16]byte](s *sender) T { return posthorn.NewID[T](noon(), s.random.Uint64) }

// input is a request that nobody has sent before.
func (s *sender) input() wire.Input {
	at := noon().Add(time.Duration(s.random.IntN(1e6)) * time.Second)
	datas := []string{`{"userId":"usr_%d","total": 1e400}`, `{"a":{"id":"x%d","list":[1,{}]},"created_at":"2026-01-02"}`, `{"n":%d}`}
	types := []string{"user.created", "invoice.paid", "order-item.shipped_back", "ping"}
	return wire.Input{
		Event: posthorn.Event{
			ID: newID[posthorn.EventID](s), Type: types[s.random.IntN(len(types))], Timestamp: at.Add(-time.Duration(1+s.random.IntN(90)) * time.Second),
			Data: fmt.Appendf(nil, datas[s.random.IntN(len(datas))], s.random.IntN(1e6)),
		},
		Webhook: s.webhook, EnvironmentKind: posthorn.Production, DeliveryID: newID[posthorn.DeliveryID](s), AttemptNumber: 1 + s.random.IntN(3), Now: at,
	}
}

func render(t testing.TB, dialect *wire.Dialect, in wire.Input) posthorn.Request {
	t.Helper()
	request, err := dialect.Render(in)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// capture writes a request as somebody would capture it.
func capture(request posthorn.Request) string {
	host, path, _ := strings.Cut(strings.TrimPrefix(request.URL, "https://"), "/")
	var text strings.Builder
	fmt.Fprintf(&text, "POST /%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: test\r\nContent-Length: %d\r\n", path, host, len(request.Body))
	for _, header := range request.Headers {
		fmt.Fprintf(&text, "%s: %s\r\n", header.Name, header.Value)
	}
	return text.String() + "\r\n" + string(request.Body)
}

func read(t testing.TB, text string) detect.Request {
	t.Helper()
	request, err := detect.ReadRequest([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return request
}

func infer(t testing.TB, text string, secrets ...string) detect.Inference {
	t.Helper()
	inferred, err := detect.Infer(context.Background(), detect.Example{Request: read(t, text), Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if strings.Contains(string(inferred.YAML()), secret) {
			t.Errorf("the answer shows the secret:\n%s", inferred.YAML())
		}
	}
	return inferred
}

func randomSecrets(seed uint64) []string {
	sum := sha256.Sum256(fmt.Append(nil, seed))
	return []string{fmt.Sprintf("%x", sum), "whsec_" + base64.StdEncoding.EncodeToString(sum[:24]), "shpss-" + fmt.Sprintf("%x", sum[:9])}
}

// Guards that every built-in format is found from one request of it, and that
// what is found makes the sender's further requests byte for byte.
func TestInferBuiltIn(t *testing.T) {
	t.Parallel()
	for _, format := range builtIn(t) {
		t.Run(format.Name, func(t *testing.T) {
			t.Parallel()
			known := compile(t, format)
			for seed := range uint64(6) {
				for _, secret := range randomSecrets(seed) {
					s := newSender(seed, secret)
					request := render(t, known, s.input())
					inferred := infer(t, capture(request), secret)
					if !inferred.IsFound || !inferred.IsExact {
						t.Fatalf("from\n%s\nwas found\n%s", capture(request), inferred.YAML())
					}
					again, err := wire.ParseFormat(inferred.YAML())
					if err != nil {
						t.Fatalf("the document can't be read: %v\n%s", err, inferred.YAML())
					}
					found := compile(t, again)
					for range 3 {
						in := s.input()
						want, got := render(t, known, in), render(t, found, in)
						if difference := cmp.Diff(want, got); difference != "" {
							t.Fatalf("a further request (-sender +found):\n%s\n%s", difference, inferred.YAML())
						}
					}
				}
			}
		})
	}
}

// Guards that a format with a public key is found, beside the one with the secret.
func TestInferPublicKey(t *testing.T) {
	t.Parallel()
	secret := randomSecrets(1)[0]
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"standard", "httpsig"} {
		for _, format := range builtIn(t) {
			if format.Name != name {
				continue
			}
			s := newSender(7, secret)
			in := s.input()
			in.Webhook.UsesSigningKeys = true
			in.Keys = []posthorn.SigningKey{{ID: newID[posthorn.SigningKeyID](s), Algorithm: posthorn.Ed25519, Private: private}}
			text := capture(render(t, compile(t, format), in))
			both := infer(t, text, secret, signature.FormatPublicKey(public))
			if !both.IsFound || len(both.Format.Signatures) != 2 {
				t.Errorf("%s with both:\n%s", name, both.YAML())
			}
			one := infer(t, text, signature.FormatPublicKey(public))
			if !one.IsFound || len(one.Format.Signatures) != 1 || one.Format.Signatures[0].Algorithm != posthorn.Ed25519 {
				t.Errorf("%s with the public key:\n%s", name, one.YAML())
			}
			shared := infer(t, text, secret)
			if !shared.IsFound || len(shared.Format.Signatures) != 1 {
				t.Errorf("%s with the secret:\n%s", name, shared.YAML())
			}
		}
	}
}
