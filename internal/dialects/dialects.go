// Package dialects finds the dialect of a webhook: a built-in format, or a version
// of a format that its workspace declared, compiled once and held in memory
// within bounds.
package dialects

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// Source is where declared formats are kept.
type Source interface {
	// FormatVersion returns a version that is kept, or posthorn.ErrNotFound.
	FormatVersion(ctx context.Context, workspace posthorn.WorkspaceID, version posthorn.FormatVersion) (posthorn.DeclaredFormat, error)
}

// maxHeld bounds the documents of the dialects that are held in memory, in bytes.
const maxHeld = 8 << 20

// Library finds dialects. It is safe for concurrent use.
type Library struct {
	builtIn *wire.Set
	source  Source

	mu      sync.Mutex
	shelves map[posthorn.WorkspaceID]*shelf
	held    int
	// reading makes those who ask for the same version share one read.
	reading singleflight.Group
}

// shelf is what is held of one workspace. A version never changes, so nothing
// needs to be forgotten for correctness.
type shelf struct {
	dialects map[posthorn.FormatVersion]*wire.Dialect
	held     int
}

// New makes a library that holds nothing but the built-in formats yet.
func New(builtIn *wire.Set, source Source) *Library {
	return &Library{builtIn: builtIn, source: source, shelves: map[posthorn.WorkspaceID]*shelf{}}
}

// BuiltIn returns the dialect of a built-in format.
func (l *Library) BuiltIn(name string) (*wire.Dialect, bool) { return l.builtIn.Dialect(name) }

// Formats returns the built-in formats, sorted by name.
func (l *Library) Formats() []posthorn.Format { return l.builtIn.Formats() }

// Declared returns the dialect of a version of a workspace's format. It returns
// posthorn.ErrNotFound when that is not kept, and an *posthorn.Error with CodeInvalid when it
// can't be used any more.
func (l *Library) Declared(ctx context.Context, workspace posthorn.WorkspaceID, version posthorn.FormatVersion) (*wire.Dialect, error) {
	l.mu.Lock()
	if found, ok := l.shelves[workspace]; ok && found.dialects[version] != nil {
		defer l.mu.Unlock()
		return found.dialects[version], nil
	}
	l.mu.Unlock()
	key := string(workspace[:]) + strconv.Itoa(version.Version) + version.Name
	dialect, err, _ := l.reading.Do(key, func() (any, error) { return l.read(context.WithoutCancel(ctx), workspace, version) })
	if err != nil {
		return nil, fmt.Errorf("reading a format: %w", err)
	}
	return dialect.(*wire.Dialect), nil //nolint:forcetypeassert // read returns nothing else
}

func (l *Library) read(ctx context.Context, workspace posthorn.WorkspaceID, version posthorn.FormatVersion) (*wire.Dialect, error) {
	kept, err := l.source.FormatVersion(ctx, workspace, version)
	if err != nil {
		return nil, err
	}
	dialect, err := Compile(kept)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.makeRoom(len(kept.Document))
	mine := l.shelves[workspace]
	if mine == nil {
		mine = &shelf{dialects: map[posthorn.FormatVersion]*wire.Dialect{}}
		l.shelves[workspace] = mine
	}
	if mine.dialects[version] == nil {
		mine.held += len(kept.Document)
		l.held += len(kept.Document)
	}
	mine.dialects[version] = dialect
	return dialect, nil
}

// makeRoom empties the fullest shelves, so that a workspace with many or long
// formats is in its own way before it is in that of others.
func (l *Library) makeRoom(bytes int) {
	for l.held > 0 && l.held+bytes > maxHeld {
		var fullest posthorn.WorkspaceID
		for workspace, one := range l.shelves {
			if there := l.shelves[fullest]; there == nil || one.held > there.held {
				fullest = workspace
			}
		}
		l.held -= l.shelves[fullest].held
		delete(l.shelves, fullest)
	}
}

// Compile makes a declared format ready to render. It returns an *posthorn.Error with
// CodeInvalid when that can't be done.
func Compile(declared posthorn.DeclaredFormat) (*wire.Dialect, error) {
	format, err := wire.ParseFormat(declared.Document)
	if err != nil {
		return nil, posthorn.Invalid("", fmt.Sprintf("The format %s can't be read any more.", declared.Name), "Save it again.")
	}
	return wire.Compile(format)
}
