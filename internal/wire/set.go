package wire

import (
	"fmt"
	"maps"
	"slices"

	"github.com/posthorn/posthorn"
)

// Set is the dialects that exist, by name. It never changes.
type Set struct{ dialects map[string]*Dialect }

// NewSet compiles the formats. It returns an *posthorn.Error with CodeInvalid
// for a format that Compile refuses, and with CodeConflict for two of one name.
func NewSet(formats []posthorn.Format) (*Set, error) {
	dialects := make(map[string]*Dialect, len(formats))
	for _, format := range formats {
		dialect, err := Compile(format)
		if err != nil {
			return nil, fmt.Errorf("compiling the format %q: %w", clip(format.Name), err)
		}
		if _, doubled := dialects[format.Name]; doubled {
			return nil, &posthorn.Error{Code: posthorn.CodeConflict, Pointer: "/name", Message: fmt.Sprintf("There are two formats called %q.", format.Name), Hint: "Rename one of them."}
		}
		dialects[format.Name] = dialect
	}
	return &Set{dialects: dialects}, nil
}

// Dialect returns the dialect of that name.
func (s *Set) Dialect(name string) (*Dialect, bool) {
	dialect, found := s.dialects[name]
	return dialect, found
}

// Formats returns the formats, sorted by name.
func (s *Set) Formats() []posthorn.Format {
	formats := make([]posthorn.Format, 0, len(s.dialects))
	for _, name := range slices.Sorted(maps.Keys(s.dialects)) {
		formats = append(formats, s.dialects[name].Format())
	}
	return formats
}
