package wire_test

import (
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
)

func BenchmarkRender(b *testing.B) {
	for _, name := range builtInNames() {
		b.Run(name, func(b *testing.B) {
			dialect, in := builtIn(b, name), input()
			in.Event.GivenID = ""
			in.Event.ID = posthorn.EventID{9}
			in.Event.Data = []byte(`{"userId":"usr_abc123","note":"` + strings.Repeat("x", 400) + `"}`)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := dialect.Render(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
