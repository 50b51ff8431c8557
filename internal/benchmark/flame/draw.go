package flame

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strings"
)

// The picture's measures, in its own units. What would be narrower than narrowest is
// left out, and so is what lies deeper than maxDepth.
const (
	width     = 1200
	height    = 16
	margin    = 10
	narrowest = 0.5
	maxDepth  = 64
	letter    = 6.2
)

// kinds are where functions belong, by what their names begin with; the first that
// fits is taken.
func kinds() []kind {
	return []kind{
		{"store", "SQLite", []string{"modernc.org/", "github.com/posthorn/posthorn/internal/store/", "database/sql"}},
		{"own", "Posthorn", []string{"github.com/posthorn/"}},
		{"http", "net/http", []string{"net/http", "net/textproto", "bufio"}},
		{"system", "system calls", []string{"syscall", "internal/runtime/syscall", "internal/poll", "net."}},
		{"runtime", "Go's runtime", []string{"runtime", "internal/runtime", "sync"}},
	}
}

type kind struct {
	class, label string
	begins       []string
}

func kindOf(name string) string {
	for _, k := range kinds() {
		for _, begin := range k.begins {
			if strings.HasPrefix(name, begin) {
				return k.class
			}
		}
	}
	return "other"
}

func draw(w io.Writer, root *frame) error {
	p := picture{whole: float64(root.value)}
	p.draw(root, margin, 0)
	bottom := margin + (p.deepest+1)*height
	x := margin
	for _, k := range append(kinds(), kind{class: "other", label: "the rest"}) {
		fmt.Fprintf(&p.body, `<rect class="%s" x="%d" y="%d" width="12" height="12"/><text x="%d" y="%d">%s</text>`+"\n", k.class, x, bottom+8, x+17, bottom+18, k.label)
		x += 110
	}
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="Where the processor's time goes">
<style>
svg { font: 11px ui-monospace, monospace; background: #ffffff } text { fill: #1f2328; pointer-events: none } rect { stroke: #ffffff; stroke-width: 0.5 }
.store { fill: #a5d6ff } .own { fill: #ffd8b5 } .http { fill: #b4f1b4 } .system { fill: #ffb3b3 } .runtime { fill: #d8c8ff } .other { fill: #d9dee3 }
</style>
%s</svg>
`, width+2*margin, bottom+34, width+2*margin, bottom+34, p.body.String())
	return err
}

type picture struct {
	body    bytes.Buffer
	whole   float64
	deepest int
}

// draw draws a function and below it what it called.
func (p *picture) draw(f *frame, x float64, depth int) {
	wide := width * float64(f.value) / p.whole
	if wide < narrowest || depth > maxDepth {
		return
	}
	p.deepest = max(p.deepest, depth)
	y := margin + depth*height
	fmt.Fprintf(&p.body, `<g><title>%s: %.1f %%</title><rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d"/>`,
		html.EscapeString(f.name), 100*float64(f.value)/p.whole, kindOf(f.name), x, y, wide, height-1)
	if room := int(wide/letter) - 1; room >= 3 {
		fmt.Fprintf(&p.body, `<text x="%.1f" y="%d">%s</text>`, x+2, y+11, html.EscapeString(shorten(f.name, room)))
	}
	p.body.WriteString("</g>\n")
	for _, next := range f.widest() {
		p.draw(next, x, depth+1)
		x += width * float64(next.value) / p.whole
	}
}

// shorten leaves out the folders of a name, and what there is no room for.
func shorten(name string, room int) string {
	begin, _, _ := strings.Cut(name, "[")
	if slash := strings.LastIndex(begin, "/"); slash >= 0 {
		name = name[slash+1:]
	}
	if len(name) <= room {
		return name
	}
	return name[:room-1] + "…"
}
