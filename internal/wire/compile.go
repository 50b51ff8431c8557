package wire

import (
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// Dialect is a format that was checked and made ready to render. It never
// changes and is safe for concurrent use.
type Dialect struct {
	format  posthorn.Format
	body    template
	headers []compiledHeader
	schemes []compiledScheme
	// needsSecret: without a valid secret nothing may be sent.
	needsSecret bool
	// bodyBytes is the usual length of a body without its data, to make room at once.
	bodyBytes int
}

// compiler gathers what is wrong with a format while it makes a Dialect of it.
type compiler struct {
	*Dialect
	problems posthorn.Problems
	// places counts how often the body or the data is written, which is what
	// rendering costs.
	places int
}

// maxPlaces is how often a format may use the body or the data, both of which
// may be long.
const maxPlaces = 8

// Compile checks everything about a format and makes it ready to render. It
// returns an *posthorn.Error with CodeInvalid that names every mistake, with
// pointers into the format's document.
func Compile(format posthorn.Format) (*Dialect, error) {
	c := &compiler{Dialect: &Dialect{format: complete(format)}}
	c.checkFormat()
	c.compileBody()
	c.compileSignatures()
	c.compileHeaders()
	if c.places > maxPlaces {
		c.problems.Add(posthorn.Invalid("", fmt.Sprintf("The format uses the body and the data %d times, more than the %d allowed.", c.places, maxPlaces), "Use {digest.sha256} instead of {body} where you can."))
	}
	if err := c.problems.Err(); err != nil {
		return nil, err
	}
	return c.Dialect, nil
}

// Format returns the format, with what it left out filled in. It is shared: do
// not change what it points to.
func (d *Dialect) Format() posthorn.Format { return d.format }

// ReadsStandardKeys reports whether receivers of this dialect take the secret in
// the notation of Standard Webhooks ("whsec_" and base64).
func (d *Dialect) ReadsStandardKeys() bool {
	for _, scheme := range d.format.Signatures {
		if scheme.KeyPrefix == posthorn.StandardSecretPrefix && scheme.Key == posthorn.EncodingBase64 {
			return true
		}
	}
	return false
}

// NeedsKeys returns the algorithms for which the environment must have a signing
// key, or nothing can be sent.
func (d *Dialect) NeedsKeys() []posthorn.SignatureAlgorithm { return d.keyAlgorithms(false) }

// UsesKeys returns the algorithms for which signing keys are of use, whether
// they are needed or only sign for webhooks that ask for it.
func (d *Dialect) UsesKeys() []posthorn.SignatureAlgorithm {
	return append(d.keyAlgorithms(false), d.keyAlgorithms(true)...)
}

func (d *Dialect) keyAlgorithms(optional bool) []posthorn.SignatureAlgorithm {
	var algorithms []posthorn.SignatureAlgorithm
	for _, scheme := range d.format.Signatures {
		if scheme.Algorithm.IsAsymmetric() && scheme.IsOptional == optional {
			algorithms = append(algorithms, scheme.Algorithm)
		}
	}
	return algorithms
}

// complete copies the format and fills in what it left out.
func complete(format posthorn.Format) posthorn.Format {
	format = format.Clone()
	if format.ContentType == "" {
		format.ContentType = "application/json"
		if format.IsForm {
			format.ContentType = "application/x-www-form-urlencoded"
		}
	}
	if len(format.Success) == 0 {
		format.Success = []string{"2xx"}
	}
	for i := range format.Signatures {
		completeScheme(&format.Signatures[i])
	}
	return format
}

func completeScheme(scheme *posthorn.SignatureScheme) {
	isMessage := len(scheme.Message.Components) > 0
	switch {
	case scheme.Algorithm == posthorn.NotSigned:
		return
	case scheme.Encoding != "" || scheme.Algorithm == posthorn.JWTHS256:
	case isMessage || scheme.Algorithm.IsAsymmetric():
		scheme.Encoding = posthorn.EncodingBase64
	default:
		scheme.Encoding = posthorn.EncodingHex
	}
	if scheme.Key == "" && !scheme.Algorithm.IsAsymmetric() {
		scheme.Key = posthorn.EncodingText
	}
	if scheme.ECDSA == "" && scheme.Algorithm == posthorn.ECDSAP256 {
		scheme.ECDSA = posthorn.ECDSADER
		if isMessage {
			scheme.ECDSA = posthorn.ECDSARaw
		}
	}
	if !isMessage {
		return
	}
	if scheme.Message.Label == "" {
		scheme.Message.Label = "sig1"
	}
	if len(scheme.Message.Parameters) == 0 {
		scheme.Message.Parameters = []string{"created", "keyid", "alg"}
	}
	if scheme.Message.KeyID == "" {
		scheme.Message.KeyID = "{webhook.id}"
		if scheme.Algorithm.IsAsymmetric() {
			scheme.Message.KeyID = "{key.id}"
		}
	}
}

// hashAlgorithm is the algorithm of package signature, of those that sign with
// a secret.
func hashAlgorithm(algorithm posthorn.SignatureAlgorithm) signature.Algorithm {
	if algorithm == posthorn.JWTHS256 {
		return signature.HMACSHA256
	}
	return signature.Algorithm(algorithm)
}
