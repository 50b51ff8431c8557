package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn/internal/cli"
	"github.com/posthorn/posthorn/signature"
)

// Invariant: a sink shows what arrived, says whether its signature is good, and
// answers as it was told to; it ends without an error when it is interrupted.
func TestSinkShowsWhatArrives(t *testing.T) {
	t.Parallel()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	shownReader, shown := io.Pipe()
	saidReader, said := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, []string{"posthorn", "sink", "--listen", "127.0.0.1:0", "--chaos", "status=503", "--secret-file", file, "-o", "jsonl"},
			strings.NewReader(""), shown, said, func(string) string { return "" })
		_ = said.Close()
	}()
	lines := bufio.NewReader(saidReader)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	url := regexp.MustCompile(`http://\S+`).FindString(first)

	scheme, _ := signature.Lookup("standard")
	signed, err := scheme.Sign([]string{secret}, "msg_1", []byte(`{"a":1}`), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(shownReader)
	for body, want := range map[string]string{`{"a":1}`: "verified", `{"a":2}`: "no signature"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/hook", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range signed {
			request.Header.Set(name, value)
		}
		answered := make(chan int, 1)
		go func() { answered <- statusOf(request) }()
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			t.Fatal(err)
		}
		var line struct{ Method, Path, Body, Behaviour, Signature string }
		if err := json.Unmarshal(raw, &line); err != nil {
			t.Fatal(err)
		}
		checkCapture(t, raw, file, want == "verified")
		if status := <-answered; status != http.StatusServiceUnavailable {
			t.Errorf("status %d", status)
		}
		if line.Method != "POST" || line.Path != "/hook" || line.Body != body || line.Behaviour != "status=503" || !strings.Contains(line.Signature, want) {
			t.Errorf("shown: %+v", line)
		}
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// checkCapture takes a line of a sink as a capture, long after it came.
func checkCapture(t *testing.T, line []byte, secretFile string, isValid bool) {
	t.Helper()
	capture := filepath.Join(t.TempDir(), "line.json")
	var members map[string]any
	if err := json.Unmarshal(line, &members); err != nil {
		t.Fatal(err)
	}
	if at, err := time.Parse(time.RFC3339Nano, members["at"].(string)); err != nil || time.Since(at) > time.Hour {
		t.Errorf("it came at %v", members["at"])
	}
	if err := os.WriteFile(capture, line, 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[bool]int{true: 0, false: 1}[isValid]
	for _, command := range [][]string{{"verify"}, {"format", "infer"}} {
		arguments := append(append([]string{"posthorn"}, command...), "--request", capture, "--secret-file", secretFile)
		var shown, said strings.Builder
		if code := cli.Run(t.Context(), arguments, strings.NewReader(""), &shown, &said, func(string) string { return "" }); code != want {
			t.Errorf("%v: exit code %d, want %d: %s%s", command, code, want, shown.String(), said.String())
		}
	}
}

func statusOf(request *http.Request) int {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}
