package schema

import (
	"crypto/sha256"
	"sync"
)

// maxKeptText bounds what a Library keeps, by the length of the schemas' texts in
// bytes. A compiled schema takes up to a hundred times its text.
const maxKeptText = 1 << 20

// Digest names a text.
type Digest [sha256.Size]byte

// Library compiles schemas and keeps them, so that none is compiled again for each
// event or each change of its environment. It is safe for concurrent use.
type Library struct {
	mu   sync.Mutex
	kept map[Digest]kept
	text int
}

type kept struct {
	schema *Schema
	length int
}

// NewLibrary makes an empty Library.
func NewLibrary() *Library { return &Library{kept: map[Digest]kept{}} }

// DigestOf returns the name of a text.
func DigestOf(text []byte) Digest { return sha256.Sum256(text) }

// compileCost is what compiling costs for each byte, in units.
const compileCost = 4

// Schema returns the schema of a text whose digest is given, and what it cost to compile
// it, in units: nothing if it was kept. It returns a *posthorn.Error as Compile does.
func (l *Library) Schema(digest Digest, text []byte) (*Schema, int, error) {
	l.mu.Lock()
	known := l.kept[digest].schema
	l.mu.Unlock()
	if known != nil {
		return known, 0, nil
	}
	cost := compileCost * len(text)
	compiled, err := Compile("", text)
	if err != nil {
		return nil, cost, err
	}
	l.keep(digest, kept{schema: compiled, length: len(text)})
	return compiled, cost, nil
}

func (l *Library) keep(digest Digest, fresh kept) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept[digest].schema != nil {
		return
	}
	for other, old := range l.kept {
		if l.text+fresh.length <= maxKeptText {
			break
		}
		delete(l.kept, other)
		l.text -= old.length
	}
	l.kept[digest] = fresh
	l.text += fresh.length
}
