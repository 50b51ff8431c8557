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

func (instant) Welcome(posthorn.WorkspaceID) error { return nil }

func (i instant) Publish(context.Context, intake.Publication) (intake.Receipt, error) {
	return intake.Receipt{Results: []intake.Result{{Event: i.event}}}, nil
}

// quiet throws an answer away.
type quiet struct {
	header http.Header
	room   []byte
}

func (q quiet) Header() http.Header         { return q.header }
func (q quiet) AvailableBuffer() []byte     { return q.room }
func (q quiet) Write(p []byte) (int, error) { return len(p), nil }
func (quiet) WriteHeader(int)               {}

// BenchmarkPublish measures what the API itself adds to accepting an event.
func BenchmarkPublish(b *testing.B) {
	w := newWorld(b)
	w.server.Publisher = instant{posthorn.Event{Type: "user.created", Deliveries: 1}}
	body := `{"type":"user.created","data":{"id":1,"text":"` + strings.Repeat("x", 500) + `"}}`
	text := strings.NewReader(body)
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/events", text)
	r.Header["Content-Type"] = []string{"application/json"}
	r.Header["X-Api-Key"] = []string{w.key}
	answer, handler := quiet{http.Header{}, make([]byte, 0, 512)}, w.server.Publishing()["/v1/events"]
	b.ReportAllocs()
	for b.Loop() {
		text.Reset(body)
		clear(answer.header)
		handler.ServeHTTP(answer, r)
	}
}
