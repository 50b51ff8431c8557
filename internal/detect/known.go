package detect

import (
	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
	"github.com/posthorn/posthorn/signature"
)

// BuiltIn returns the formats that come with Posthorn, for those who have no
// server to ask. An error means that the program was built with a broken one.
func BuiltIn() ([]posthorn.Format, error) { return wire.BuiltIn() }

// ReadFormat reads a format from YAML or JSON and checks it. One without a name
// is called "declared". The error is an *posthorn.Error.
func ReadFormat(text []byte) (posthorn.Format, error) {
	format, err := wire.ParseFormat(text)
	if err != nil {
		return posthorn.Format{}, err
	}
	if format.Name == "" {
		format.Name = "declared"
	}
	dialect, err := wire.Compile(format)
	if err != nil {
		return posthorn.Format{}, err
	}
	return dialect.Format(), nil
}

// SchemeOf returns how receivers verify requests of a format. The error is an
// *posthorn.Error when they can't.
func SchemeOf(format posthorn.Format) (signature.Scheme, error) {
	one, err := knownOf(format)
	return one.scheme, err
}

// Document returns a format as the JSON document that describes it.
func Document(format posthorn.Format) []byte { return wire.FormatJSON(format) }
