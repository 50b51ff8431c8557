package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

const fakeKey = "sk_user_of_the_tests"

// fakeServer speaks the API as far as the scripts need it: it keeps one webhook
// and answers everything else from a table.
type fakeServer struct {
	server *httptest.Server

	mu      sync.Mutex
	webhook map[string]any
	newest  string
}

func newFakeServer() *fakeServer {
	f := &fakeServer{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/webhooks", f.createWebhook)
	mux.HandleFunc("GET /v1/webhooks", f.listWebhooks)
	mux.HandleFunc("/v1/webhooks/whc_abc123", f.oneWebhook)
	mux.HandleFunc("POST /v1/webhooks/whc_abc123/test", f.testWebhook)
	mux.HandleFunc("POST /v1/events/batch", f.publishLines)
	mux.HandleFunc("POST /v1/filters/test", testFilter)
	mux.HandleFunc("POST /v1/webhooks/{webhookId}/replays", makeReplay)
	mux.HandleFunc("GET /v1/events", f.listEvents)
	for pattern, answer := range fakeAnswers() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { respond(w, answer.status, answer.body) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusNotFound, `{"success":false,"status":404,"code":"not_found","detail":"There is no such thing here.","hint":"Check the id."}`)
	})
	f.server = httptest.NewServer(f.guard(mux))
	return f
}

func (f *fakeServer) url() string { return f.server.URL }
func (f *fakeServer) close()      { f.server.Close() }

func (f *fakeServer) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.newest
}

// guard keeps the newest request and checks the key.
func (f *fakeServer) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		f.mu.Lock()
		f.newest = fmt.Sprintf("%s %s\n%s\n", r.Method, r.URL.RequestURI(), strings.TrimSuffix(string(body), "\n"))
		f.mu.Unlock()
		switch r.Header.Get("Authorization") {
		case "Bearer " + fakeKey:
			next.ServeHTTP(w, r)
		case "Bearer sk_of_a_workspace":
			respond(w, http.StatusForbidden, `{"success":false,"code":"forbidden","detail":"Only a platform key may do that.","hint":"Ask the operator."}`)
		default:
			respond(w, http.StatusUnauthorized, `{"success":false,"code":"unauthenticated","detail":"The key is not one of ours.","hint":"Check the key."}`)
		}
	})
}

// makeReplay counts, as many as the webhook's id says, or makes a replay.
func makeReplay(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if r.PathValue("webhookId") == "whc_endless" && strings.Contains(string(body), `"dryRun":true`) {
		respond(w, http.StatusUnprocessableEntity, `{"success":false,"code":"invalid","detail":"There is too much to count.","errors":[{"pointer":"/dryRun","detail":"There is too much to count.","hint":"Name a shorter span."}]}`)
		return
	}
	matching := map[string]int{"whc_abc123": 1000, "whc_long": 1001, "whc_longest": 100_000}[r.PathValue("webhookId")]
	if strings.Contains(string(body), `"dryRun":true`) {
		respond(w, http.StatusAccepted, fmt.Sprintf(`{"success":true,"data":{"dryRun":true,"matching":%d,"webhookId":"whc_abc123","statuses":["exhausted","expired"],"after":null,"before":null}}`, matching))
		return
	}
	respond(w, http.StatusAccepted, `{"success":true,"data":`+fakeReplay+`}`)
}

const fakeReplay = `{"id":"rpl_1","webhookId":"whc_abc123","environmentId":"env_1","statuses":["exhausted","expired"],"after":"2026-01-02T03:04:05.678Z","before":null,"status":"running","waitingFor":"the webhook is paused","examined":7,"replayed":5,"createdAt":"2026-01-02T03:04:05.678Z","updatedAt":"2026-01-02T03:04:05.678Z"}`

// testFilter answers with failures alone where the webhook's name says so.
func testFilter(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	counts := `"tried":100,"matched":60,"unmatched":39,"failed":1`
	if strings.Contains(string(body), "whc_fails") {
		counts = `"tried":3,"matched":0,"unmatched":0,"failed":3`
	}
	respond(w, http.StatusOK, `{"success":true,"data":{"filter":"event.data.n > 1","events":["user.*"],"estimatedCost":16,"costLimit":10000,`+counts+
		`,"failures":[{"detail":"no such key: n","count":1,"eventId":"evt_1"}]}}`)
}

func respond(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func respondData(w http.ResponseWriter, status int, data any) {
	text, err := json.Marshal(map[string]any{"success": true, "data": data})
	if err != nil {
		status, text = http.StatusInternalServerError, nil
	}
	respond(w, status, string(text))
}

func (f *fakeServer) createWebhook(w http.ResponseWriter, r *http.Request) {
	var given map[string]any
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
		respond(w, http.StatusBadRequest, `{"success":false,"code":"malformed","detail":"The body is not JSON."}`)
		return
	}
	if url, _ := given["url"].(string); strings.HasPrefix(url, "http://") {
		respond(w, http.StatusUnprocessableEntity, `{"success":false,"status":422,"code":"invalid","detail":"In production the URL must be https.","hint":"Use https://, or an environment of kind development.","errors":[{"pointer":"/url","detail":"In production the URL must be https."},{"pointer":"/name","detail":"The name is too long."},{"pointer":"/timeoutMs","detail":"timeoutMs is outside 100 to 60000."}]}`)
		return
	}
	webhook := map[string]any{
		"_id": "whc_abc123", "id": "whc_abc123", "name": "example.com", "format": "ascendkit", "status": "active", "secret": "0123456789abcdef0123456789abcdef",
		"retryAttempts": 3, "timeoutMs": 10000, "concurrency": 8, "createdAt": "2026-01-02T03:04:05.678Z", "createdBy": "key_1",
		"breaker": map[string]any{"state": "open", "openedAt": "2026-01-02T03:04:05Z", "failures": 12, "nextProbeAt": "2026-01-02T03:05:05Z"},
	}
	for name, value := range given {
		webhook[name] = value
	}
	f.mu.Lock()
	f.webhook = webhook
	f.mu.Unlock()
	respondData(w, http.StatusCreated, webhook)
}

func (f *fakeServer) listWebhooks(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := []any{}
	if f.webhook != nil {
		list = append(list, f.webhook)
	}
	respondData(w, http.StatusOK, list)
}

func (f *fakeServer) oneWebhook(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.webhook == nil:
		respond(w, http.StatusNotFound, `{"success":false,"code":"not_found","detail":"There is no such thing here.","hint":"Check the id."}`)
	case r.Method == http.MethodPatch:
		var changes map[string]any
		_ = json.NewDecoder(r.Body).Decode(&changes)
		for name, value := range changes {
			f.webhook[name] = value
		}
		respondData(w, http.StatusOK, f.webhook)
	case r.Method == http.MethodDelete:
		f.webhook = nil
		respondData(w, http.StatusOK, map[string]any{"id": "whc_abc123", "deleted": true})
	default:
		respondData(w, http.StatusOK, f.webhook)
	}
}

func (f *fakeServer) testWebhook(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if url, _ := f.webhook["url"].(string); strings.Contains(url, "broken") {
		respond(w, http.StatusOK, `{"success":true,"data":{"delivered":false,"statusCode":0,"reason":"connection_refused","detail":"Nothing listens there.","durationMs":1.25,"request":{"url":"https://broken.example"}}}`)
		return
	}
	respond(w, http.StatusOK, `{"success":true,"data":{"delivered":true,"statusCode":200,"reason":"success","durationMs":12.5,"responseBody":"ok","request":{"url":"https://example.com"}}}`)
}

// publishLines accepts every line but those of type bad.
func (f *fakeServer) publishLines(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var results []string
	rejected := 0
	for i, line := range strings.Split(strings.TrimSpace(string(body)), "\n") {
		if strings.Contains(line, `"type":"bad"`) {
			results = append(results, fmt.Sprintf(`{"index":%d,"success":false,"status":422,"code":"invalid","detail":"No such type.","pointer":"/type"}`, i))
			rejected++
			continue
		}
		results = append(results, fmt.Sprintf(`{"index":%d,"success":true,"id":"evt_%d","type":"good","deliveries":1}`, i, i))
	}
	respond(w, http.StatusAccepted, fmt.Sprintf(`{"success":true,"data":[%s],"accepted":%d,"rejected":%d}`, strings.Join(results, ","), len(results)-rejected, rejected))
}

// listEvents has three pages of two events.
func (f *fakeServer) listEvents(w http.ResponseWriter, r *http.Request) {
	number := map[string]int{"": 1, "p2": 3, "p3": 5}[r.URL.Query().Get("cursor")]
	next := map[int]string{1: `"p2"`, 3: `"p3"`, 5: `null`}[number]
	respond(w, http.StatusOK, fmt.Sprintf(`{"success":true,"data":[{"id":"evt_%d", "type":"a"},
{"id":"evt_%d","type":"a"}],"pagination":{"limit":2,"hasMore":%t,"nextCursor":%s}}`, number, number+1, next != "null", next))
}
