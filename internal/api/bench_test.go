package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
)

// instant accepts everything without a database.
type instant struct{ event posthorn.Event }

func (i instant) Publish(context.Context, intake.Publication) (intake.Receipt, error) {
	return intake.Receipt{Results: []intake.Result{{Event: i.event}}}, nil
}

// quiet throws an answer away.
type quiet struct{ header http.Header }

func (q quiet) Header() http.Header         { return q.header }
func (q quiet) Write(p []byte) (int, error) { return len(p), nil }
func (quiet) WriteHeader(int)               {}

// BenchmarkPublish measures what the API itself adds to accepting an event.
func BenchmarkPublish(b *testing.B) {
	w := newWorld(b)
	w.server.Publisher = instant{posthorn.Event{Type: "user.created", Deliveries: 1}}
	body := `{"type":"user.created","data":{"id":1,"text":"` + strings.Repeat("x", 500) + `"}}`
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(body))
		r.Header["Content-Type"] = []string{"application/json"}
		r.Header["X-Api-Key"] = []string{w.key}
		w.server.ServeHTTP(quiet{http.Header{}}, r)
	}
}
