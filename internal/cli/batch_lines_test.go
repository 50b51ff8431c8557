package cli

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

// Invariant: when a request of a batch fails, its lines are named, and what the
// error means stays.
func TestFailedLinesAreNamed(t *testing.T) {
	t.Parallel()
	s := &session{}
	for want, failed := range map[string]*linesError{
		"line 3: ":        {first: 3, last: 3},
		"lines 3 to 1002": {first: 3, last: 1002},
	} {
		failed.err = &client.Error{Status: http.StatusServiceUnavailable, Detail: "Busy."}
		told := s.explain(t.Context(), &cobra.Command{Use: "posthorn"}, failed)
		if !strings.HasPrefix(told.message, want) || !strings.HasSuffix(told.message, "Busy.") || told.code != exitUnavailable {
			t.Errorf("told %q with %d, want it to begin with %q", told.message, told.code, want)
		}
	}
}

// Invariant: a line that no server takes is named by its number.
func TestEndlessLineIsNamed(t *testing.T) {
	t.Parallel()
	endless := io.MultiReader(strings.NewReader("\n{}\n"), bytes.NewReader(bytes.Repeat([]byte{'x'}, maxInput+1)))
	err := eachLot(endless, "file", func(lot) error { return nil })
	var told *failure
	if !errors.As(err, &told) || told.code != exitUsage || !strings.Contains(told.message, "line 3") {
		t.Errorf("got %v", err)
	}
}

// Invariant: https to a server that speaks http is explained.
func TestHTTPSToAServerOfHTTP(t *testing.T) {
	t.Parallel()
	told := fromConnection(&client.ConnectionError{Server: "https://a.test:1", Err: errors.New("http: server gave HTTP response to HTTPS client")})
	if told.code != exitUnavailable || !strings.Contains(told.message, "speaks http, not https") || !strings.Contains(told.hint, "http://a.test:1") {
		t.Errorf("told %+v", told)
	}
}
