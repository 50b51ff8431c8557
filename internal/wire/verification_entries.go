package wire

import (
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// maxEntries is how many entries a header may have of which one is a signature; the
// libraries read some more, so that there is room for those of a rotation.
const maxEntries = 16

// deriveEntries finds the header with the signature, and what stands around it.
func (r *receiver) deriveEntries(wanted value) error {
	header := r.headerWith(wanted)
	if header == nil {
		return unverifiable("/headers", "No header holds the signature.")
	}
	r.scheme.Header, r.scheme.SeveralLines = header.name, header.lines >= 0
	if r.compiled.scheme.Algorithm == posthorn.JWTHS256 && r.dialect.growsWithSignatures(header) {
		return unverifiable(r.pointer()+"/several", "A token stands alone in its header.")
	}
	whole := r.dialect.whole(header)
	switch {
	case r.compiled.scheme.Algorithm == posthorn.JWTHS256:
	case r.compiled.several == nil:
		r.scheme.Separator = innerSeparator(whole)
	default:
		r.scheme.Separator = leadingSeparator(r.compiled.several)
		if r.scheme.Separator == "" {
			return unverifiable(r.pointer()+"/several", "Nothing separates several signatures.")
		}
	}
	r.entries = splitTemplate(whole, r.scheme.Separator)
	if len(r.entries) > maxEntries {
		return unverifiable("/headers", "The header with the signature has too many entries.")
	}
	isFirst := true
	for _, entry := range r.entries {
		if !slices.ContainsFunc(entry, func(p part) bool { return r.isOwn(p, wanted) }) {
			continue
		}
		if err := r.deriveEntry(entry, isFirst, wanted); err != nil {
			return err
		}
		isFirst = false
	}
	return nil
}

// headerWith returns the header that holds the scheme's signature, or to which it is
// appended.
func (r *receiver) headerWith(wanted value) *compiledHeader {
	for i := range r.dialect.headers {
		header := &r.dialect.headers[i]
		holds := slices.ContainsFunc(header.value, func(p part) bool { return r.isOwn(p, wanted) })
		if holds || slices.Contains(header.appended, r.index) {
			return header
		}
	}
	return nil
}

func (r *receiver) isOwn(p part, wanted value) bool {
	return p.value == wanted && (p.scheme == r.index || wanted == secretValue)
}

// whole is a header with everything behind it that may be appended: the further signatures
// of a rotation, and those of other schemes.
func (d *Dialect) whole(header *compiledHeader) template {
	whole := slices.Clone(header.value)
	for _, index := range slices.Concat(header.schemes, header.appended) {
		for _, p := range d.schemes[index].several {
			if p.value == literalValue {
				whole = whole.withLiteral(p.literal)
			} else {
				whole = append(whole, p)
			}
		}
	}
	return whole
}

// deriveEntry takes an entry with the scheme's signature: receivers know what it begins
// with, and take all the rest for the signature.
func (r *receiver) deriveEntry(entry template, isFirst bool, wanted value) error {
	prefix, last := ending(entry)
	switch {
	case !r.isOwn(last, wanted):
		return unverifiable(r.pointer(), "Something stands behind the signature in its entry of the header.")
	case len(entry) > 2 || len(entry) == 2 && entry[0].value != literalValue:
		return unverifiable(r.pointer(), "The signature stands behind something that changes.")
	case !isFirst && prefix != r.scheme.Prefix:
		return unverifiable(r.pointer()+"/several", "Further signatures begin with "+prefix+", and the first with "+r.scheme.Prefix+".")
	}
	r.scheme.Prefix = prefix
	return r.deriveFilters(last)
}

// timePrefix is what the entry begins with that holds a time, timestampValue or
// timestampMsValue; empty when there is none.
func (r *receiver) timePrefix(time value) string {
	for _, entry := range r.entries {
		prefix, last := ending(entry)
		if last.value == time && len(entry) == 2 && len(last.filters) == 0 && last.offset == 0 {
			return prefix
		}
	}
	return ""
}

// checkTimeEntry: what begins like the entry with the time is taken for it.
func (r *receiver) checkTimeEntry() error {
	if r.scheme.TimestampPrefix == "" {
		return nil
	}
	alike := 0
	for _, entry := range r.entries {
		if len(entry) > 0 && strings.HasPrefix(entry[0].literal, r.scheme.TimestampPrefix) {
			alike++
		}
	}
	if alike > 1 {
		return unverifiable(r.pointer(), "Several entries of the header begin with "+r.scheme.TimestampPrefix+", as the one with the time does.")
	}
	return nil
}
