package wire

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

var errNotYet = errors.New("wire: not written yet")

// BuiltIn returns the formats that come with Posthorn.
func BuiltIn() ([]posthorn.Format, error) { return nil, errNotYet }

// ParseFormat reads a format from YAML.
func ParseFormat(yaml []byte) (posthorn.Format, error) { return posthorn.Format{}, errNotYet }

// Dialect is a format that was checked and made ready to render. It is safe for
// concurrent use.
type Dialect struct{ format posthorn.Format }

// Compile checks a format and makes it ready.
func Compile(f posthorn.Format) (*Dialect, error) { return &Dialect{format: f}, nil }

// Format returns the format.
func (d *Dialect) Format() posthorn.Format { return d.format }

// ReadsStandardKeys reports whether the dialect takes secrets in the notation of
// Standard Webhooks.
func (d *Dialect) ReadsStandardKeys() bool {
	return d.format.Signature.KeyPrefix == posthorn.StandardSecretPrefix
}

// Input is everything a request depends on.
type Input struct {
	Event           posthorn.Event
	Webhook         posthorn.Webhook
	EnvironmentKind posthorn.EnvironmentKind
	DeliveryID      posthorn.DeliveryID
	AttemptNumber   int
	Now             time.Time
}

// Render makes the request.
func (d *Dialect) Render(in Input) (posthorn.Request, error) { return posthorn.Request{}, errNotYet }

// Set is the dialects that exist, by name.
type Set struct{ dialects map[string]*Dialect }

// NewSet compiles the formats.
func NewSet(formats []posthorn.Format) (*Set, error) {
	s := &Set{dialects: map[string]*Dialect{}}
	for _, f := range formats {
		d, err := Compile(f)
		if err != nil {
			return nil, err
		}
		s.dialects[f.Name] = d
	}
	return s, nil
}

// Dialect returns the dialect of that name.
func (s *Set) Dialect(name string) (*Dialect, bool) {
	d, ok := s.dialects[name]
	return d, ok
}

// Formats returns the formats, sorted by name.
func (s *Set) Formats() []posthorn.Format {
	formats := make([]posthorn.Format, 0, len(s.dialects))
	for _, d := range s.dialects {
		formats = append(formats, d.format)
	}
	slices.SortFunc(formats, func(a, b posthorn.Format) int { return strings.Compare(a.Name, b.Name) })
	return formats
}
