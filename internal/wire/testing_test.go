package wire_test

import (
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// The names of the built-in formats.
const (
	standard  = "standard"
	ascendkit = "ascendkit"
	ascend    = "ascend"
	plain     = "signature"
	sendkit   = "sendkit"

	cloudEvents       = "cloudevents"
	cloudEventsBinary = "cloudevents-binary"
	gitHub            = "github"
	httpsig           = "httpsig"
	shopify           = "shopify"
	slack             = "slack"
	stripe            = "stripe"
)

func builtInNames() []string {
	return []string{ascend, ascendkit, cloudEvents, cloudEventsBinary, gitHub, httpsig, sendkit, shopify, plain, slack, standard, stripe}
}

// noon is a moment with a fraction of a second, which requests must not show.
func noon() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 987_654_321, time.UTC) }

const (
	newSecret = "b41d5e0f8c3a47c69f20d1e2b3a4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6"
	oldSecret = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
)

// input is a request to be rendered. It is made anew for each test.
func input() wire.Input {
	return wire.Input{
		Event: posthorn.Event{
			GivenID:   "order-4711",
			Type:      "user.created",
			Data:      []byte(`{"userId": "usr_abc123",  "total":1e400}`),
			Timestamp: time.Date(2026, 5, 4, 13, 59, 58, 999_999_999, time.FixedZone("", 2*3600)),
		},
		Webhook: posthorn.Webhook{
			ID:            posthorn.WebhookID{1},
			WorkspaceID:   posthorn.WorkspaceID{2},
			ProjectID:     posthorn.ProjectID{3},
			EnvironmentID: posthorn.EnvironmentID{4},
			URL:           "https://example.com/hooks",
			Timeout:       10 * time.Second,
			Secrets:       []posthorn.SigningSecret{{Value: newSecret}},
			Metadata:      map[string]string{"team": "Größe", "token": "a:b"},
		},
		EnvironmentKind: posthorn.Production,
		DeliveryID:      posthorn.DeliveryID{5},
		AttemptNumber:   2,
		Now:             noon(),
	}
}

func builtIn(t testing.TB, name string) *wire.Dialect {
	t.Helper()
	formats, err := wire.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	set, err := wire.NewSet(formats)
	if err != nil {
		t.Fatal(err)
	}
	dialect, found := set.Dialect(name)
	if !found {
		t.Fatalf("there is no built-in format %q", name)
	}
	return dialect
}

func compile(t testing.TB, format posthorn.Format) *wire.Dialect {
	t.Helper()
	dialect, err := wire.Compile(format)
	if err != nil {
		t.Fatal(err)
	}
	return dialect
}

func render(t testing.TB, dialect *wire.Dialect, in wire.Input) posthorn.Request {
	t.Helper()
	request, err := dialect.Render(in)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// headerMap is how a receiver sees the headers.
func headerMap(request posthorn.Request) map[string][]string {
	headers := make(map[string][]string, len(request.Headers))
	for _, header := range request.Headers {
		headers[header.Name] = append(headers[header.Name], header.Value)
	}
	return headers
}
