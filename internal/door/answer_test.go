package door

import (
	"net/http"
	"strings"
	"testing"
)

// Invariant: what is written in the answer's own room arrives as it is, however much
// that is and whatever was written before.
func TestAnswerWrittenInItsOwnRoom(t *testing.T) {
	t.Parallel()
	a := answer{header: http.Header{}}
	for _, length := range []int{1, 600, 100, 5000, 3} {
		a.reset()
		want := ""
		for _, part := range []string{"a", "b", "c"} {
			part = strings.Repeat(part, length)
			if _, err := a.Write(append(a.AvailableBuffer(), part...)); err != nil {
				t.Fatal(err)
			}
			want += part
		}
		if string(a.body) != want {
			t.Fatalf("three parts of %d bytes are %d bytes: %.20q…", length, len(a.body), a.body)
		}
	}
}
