package wire

import (
	"fmt"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// Verification returns how receivers verify requests of this dialect: the scheme
// that package signature and the other libraries take. Of schemes of which some sign a
// time and others don't, it has the former alone: the libraries take no mixture. It
// returns an *posthorn.Error with CodeInvalid when they can't, which says why.
func (d *Dialect) Verification() (signature.Scheme, error) {
	schemes := make([]signature.Scheme, 0, len(d.schemes))
	for i := range d.schemes {
		r := receiver{dialect: d, index: i, compiled: &d.schemes[i]}
		if err := r.derive(); err != nil {
			return signature.Scheme{}, err
		}
		schemes = append(schemes, r.scheme)
	}
	schemes, err := d.withTime(schemes)
	if err != nil {
		return signature.Scheme{}, err
	}
	first := schemes[0]
	if len(schemes) > 1 {
		first.Alternatives = schemes[1:]
	}
	if err := first.Validate(); err != nil {
		return signature.Scheme{}, unverifiable("", strings.TrimPrefix(err.Error(), "signature: ")+".")
	}
	return first, nil
}

// withTime leaves out the schemes that don't bound the time of a request, if others do.
// One of those must sign every request.
func (d *Dialect) withTime(schemes []signature.Scheme) ([]signature.Scheme, error) {
	kept := make([]signature.Scheme, 0, len(schemes))
	signsAlways := false
	for i, scheme := range schemes {
		if boundsTime(scheme) {
			kept = append(kept, scheme)
			signsAlways = signsAlways || !d.schemes[i].scheme.IsOptional
		}
	}
	switch {
	case len(kept) == 0:
		return schemes, nil
	case !signsAlways:
		return nil, unverifiable("/signatures", "The scheme that signs every request signs no time, and one that does is optional.")
	}
	return kept, nil
}

// boundsTime reports whether a request that fits the scheme stops fitting by itself.
func boundsTime(s signature.Scheme) bool {
	return s.Tolerance > 0 || s.Claims != nil && s.Claims.Expires != ""
}

// receiver finds out how one scheme is verified.
type receiver struct {
	dialect  *Dialect
	index    int
	compiled *compiledScheme
	scheme   signature.Scheme
	// entries are what stands in the header with the signature.
	entries []template
	// signed is the time that receivers look at: timestampValue or timestampMsValue.
	signed value
}

func (r *receiver) derive() error {
	said := r.compiled.scheme
	r.scheme = signature.Scheme{
		Name: said.Name, Algorithm: signature.Algorithm(said.Algorithm), Encoding: signature.Encoding(said.Encoding),
		Key: signature.Encoding(said.Key), KeyPrefix: said.KeyPrefix, ECDSA: signature.ECDSAForm(said.ECDSA),
	}
	switch {
	case r.compiled.message != nil:
		return r.deriveMessage()
	case said.Algorithm == posthorn.NotSigned:
		return r.deriveToken()
	}
	if err := r.deriveEntries(signatureValue); err != nil {
		return err
	}
	if said.Algorithm == posthorn.JWTHS256 {
		return r.deriveClaims()
	}
	return r.deriveContent()
}

// deriveToken finds the secret that is sent as it is.
func (r *receiver) deriveToken() error {
	r.scheme.Algorithm = signature.Token
	if err := r.deriveEntries(secretValue); err != nil {
		return unverifiable("/signature", "The format signs nothing and sends no secret that a receiver could compare.")
	}
	return nil
}

// deriveFilters: the signature's digits may be upper case, and a token in base64.
func (r *receiver) deriveFilters(p part) error {
	isToken := r.scheme.Algorithm == signature.Token
	switch {
	case len(p.filters) == 0 && isToken:
		r.scheme.Encoding = signature.Text
	case len(p.filters) == 0:
	case len(p.filters) == 1 && p.filters[0] == base64Filter && isToken:
		r.scheme.Encoding = signature.Base64
	case r.scheme.Encoding == signature.Hex && !slices.ContainsFunc(p.filters, func(f filter) bool { return f != upperFilter && f != lowerFilter }):
	default:
		return unverifiable(r.pointer(), "The signature goes through filters.")
	}
	return nil
}

func (r *receiver) pointer() string {
	c := compiler{Dialect: r.dialect}
	return c.schemePointer(r.index)
}

// headerOf returns the header whose whole value is what the part stands for.
func (r *receiver) headerOf(p part) string {
	for i := range r.dialect.headers {
		header := &r.dialect.headers[i]
		if len(header.value) == 1 && header.value[0].isSame(p) && !r.dialect.growsWithSignatures(header) {
			return header.name
		}
	}
	return ""
}

// growsWithSignatures reports whether further signatures are appended to the header, or
// stand in further lines of it.
func (d *Dialect) growsWithSignatures(header *compiledHeader) bool {
	return len(header.appended) > 0 || slices.ContainsFunc(header.schemes, func(index int) bool { return d.schemes[index].signsAll })
}

func (p part) isSame(other part) bool {
	return p.value == other.value && p.name == other.name && p.offset == other.offset && p.encoding == other.encoding &&
		p.literal == other.literal && slices.Equal(p.filters, other.filters)
}

func unverifiable(pointer, reason string) *posthorn.Error {
	return posthorn.Invalid(pointer, "Receivers can't verify this format with the libraries: "+reason, fmt.Sprintf("Send it as it is, and verify it by hand; or add a second scheme, for example that of the format %s.", posthorn.DefaultFormat))
}
