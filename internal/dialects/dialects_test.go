package dialects_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/dialects"
	"github.com/posthorn/posthorn/internal/wire"
)

// source keeps documents and counts how often they are read.
type source struct {
	documents map[posthorn.FormatVersion]string
	reads     int
}

func (s *source) FormatVersion(_ context.Context, workspace posthorn.WorkspaceID, version posthorn.FormatVersion) (posthorn.DeclaredFormat, error) {
	s.reads++
	document, ok := s.documents[version]
	if !ok {
		return posthorn.DeclaredFormat{}, posthorn.ErrNotFound
	}
	return posthorn.DeclaredFormat{WorkspaceID: workspace, FormatVersion: version, Document: []byte(document)}, nil
}

func newLibrary(t *testing.T, from *source) *dialects.Library {
	t.Helper()
	formats, err := wire.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	builtIn, err := wire.NewSet(formats)
	if err != nil {
		t.Fatal(err)
	}
	return dialects.New(builtIn, from)
}

func document(name string, padding int) string {
	return fmt.Sprintf(`{"name":%q,"description":"%s","body":{"raw":"event.data"},"headers":[{"X-A":"%s"}],"signature":{"algorithm":"none"}}`,
		name, strings.Repeat("d", min(padding, 2000)), strings.Repeat("a", 1000)) + strings.Repeat(" ", padding)
}

func version(name string, number int) posthorn.FormatVersion {
	return posthorn.FormatVersion{Name: name, Version: number}
}

// A version is read once, and is never taken for another one or for another
// workspace's.
func TestVersionIsReadOnce(t *testing.T) {
	t.Parallel()
	from := &source{documents: map[posthorn.FormatVersion]string{version("mine", 1): document("mine", 1), version("mine", 2): document("mine", 2)}}
	library := newLibrary(t, from)
	get := func(workspace byte, number int) *wire.Dialect {
		t.Helper()
		dialect, err := library.Declared(t.Context(), posthorn.WorkspaceID{workspace}, version("mine", number))
		if err != nil {
			t.Fatal(err)
		}
		return dialect
	}
	first, again, second, elsewhere := get(1, 1), get(1, 1), get(1, 2), get(2, 1)
	if first != again || from.reads != 3 {
		t.Errorf("the versions were read %d times, want once each", from.reads)
	}
	if first == second || first == elsewhere {
		t.Error("a version was taken for another")
	}
	if _, err := library.Declared(t.Context(), posthorn.WorkspaceID{1}, version("other", 1)); !errors.Is(err, posthorn.ErrNotFound) {
		t.Errorf("an absent version gave %v", err)
	}
}

// What is held is bounded, and a workspace with many long formats does not push
// out another's.
func TestHoardingWorkspacePushesOutItself(t *testing.T) {
	t.Parallel()
	from := &source{documents: map[posthorn.FormatVersion]string{version("small", 1): document("small", 1)}}
	const many = 400 // of 50 KiB each, which is far more than is held
	for i := range many {
		from.documents[version("large", i)] = document("large", 50<<10)
	}
	library := newLibrary(t, from)
	get := func(workspace byte, wanted posthorn.FormatVersion) {
		t.Helper()
		if _, err := library.Declared(t.Context(), posthorn.WorkspaceID{workspace}, wanted); err != nil {
			t.Fatal(err)
		}
	}
	get(1, version("small", 1))
	for i := range many {
		get(2, version("large", i))
	}
	before := from.reads
	get(1, version("small", 1))
	if from.reads != before {
		t.Error("the small format was pushed out")
	}
	for i := range many {
		get(2, version("large", i))
	}
	if from.reads-before < many/2 {
		t.Errorf("only %d of the large formats were read again: more is held than may be", from.reads-before)
	}
}

// A document that can't be used is an error that says so.
func TestUnusableDocument(t *testing.T) {
	t.Parallel()
	library := newLibrary(t, &source{documents: map[posthorn.FormatVersion]string{version("mine", 1): "{"}})
	_, err := library.Declared(t.Context(), posthorn.WorkspaceID{1}, version("mine", 1))
	if !errors.Is(err, &posthorn.Error{Code: posthorn.CodeInvalid}) {
		t.Errorf("got %v, want an error that is invalid", err)
	}
}
