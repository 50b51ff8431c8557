package detect_test

import (
	"errors"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/detect"
)

const sinkLine = `{"number":1,"at":"2026-05-04T12:00:01.5Z","behaviour":"ok","method":"POST","path":"/in","url":"http://127.0.0.1:3000/in","headers":{"X-Sig":["a"]},"body":"e30=","bodyEncoding":"base64","bodyBytes":2,"signature":"verified"}`

// Guards that a line of a sink is a capture, with its body, its URL and its time.
func TestReadRequestOfASink(t *testing.T) {
	t.Parallel()
	r := read(t, sinkLine+"\n")
	if string(r.Body) != "{}" || r.URL != "http://127.0.0.1:3000/in" || r.IsSchemeGuessed || !r.ReceivedAt.Equal(time.Date(2026, 5, 4, 12, 0, 1, 5e8, time.UTC)) {
		t.Errorf("%+v", r)
	}
	_, err := detect.ReadRequest([]byte(sinkLine + "\n" + sinkLine + "\n"))
	var problem *posthorn.Error
	if !errors.As(err, &problem) || problem.Hint != "Give one: of a file with a request in each line, one line." {
		t.Errorf("two lines: %v", err)
	}
	for _, bad := range []string{`{"headers":{"a":"b"},"body":"!","bodyEncoding":"base64"}`, `{"headers":{"a":"b"},"body":"","bodyEncoding":"hex"}`} {
		if got, err := detect.ReadRequest([]byte(bad)); err == nil {
			t.Errorf("%s was read as %+v", bad, got)
		}
	}
}
