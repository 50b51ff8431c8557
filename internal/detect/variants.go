package detect

import (
	"bytes"
	"encoding/base64"
	"iter"
	"time"
	"unicode/utf8"
)

// variant is a body as it may have been before it was changed on its way.
type variant struct {
	name string
	body []byte
}

// maxInner is how many members of a body are written in another style by
// themselves.
const maxInner = 3

// variants are the usual ways in which the body was written before somebody decoded
// it and encoded it again, as far as the budget goes.
func variants(b *Budget, r *Request) iter.Seq[variant] {
	body := r.Body
	isAffordable := func() bool { return b.Take(time.Duration(len(body)) * costOfWrittenByte) }
	// isBody charges what was written beyond the body's length.
	isBody := func(written []byte) bool {
		grown := max(len(written)-len(body), 0)
		return b.Take(time.Duration(grown)*costOfWrittenByte) && len(written) <= maxWritten && !bytes.Equal(written, body)
	}
	return func(yield func(variant) bool) {
		if !isAffordable() {
			return
		}
		for _, one := range byteVariants(r) {
			if !bytes.Equal(one.body, body) && !yield(one) {
				return
			}
		}
		read, isJSON := r.json()
		if !isJSON {
			return
		}
		for _, one := range styles() {
			if !isAffordable() {
				return
			}
			written := read.write(one.style)
			if !isBody(written) {
				continue
			}
			if !yield(variant{one.name, written}) || !yield(variant{one.name + " and a line end behind it", append(written, '\n')}) {
				return
			}
		}
		for _, inner := range insideOf(read) {
			for _, one := range styles() {
				if !isAffordable() {
					return
				}
				written := read.writeInner(inner, one.style)
				if isBody(written) && !yield(variant{"compact JSON with " + `"` + inner + `" as ` + one.name, written}) {
					return
				}
			}
		}
	}
}

func byteVariants(r *Request) []variant {
	body := r.Body
	trimmed := bytes.TrimRight(body, "\r\n")
	all := []variant{
		{"it is without the line end behind it", trimmed},
		{"it is with a line end (LF) behind it", append(bytes.Clone(trimmed), '\n')},
		{"it is with a line end (CRLF) behind it", append(bytes.Clone(trimmed), "\r\n"...)},
		{"it is without the white space around it", bytes.TrimSpace(body)},
		{"it is with line ends of LF, not CRLF", bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))},
		{"it is with line ends of CRLF, not LF", bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))},
		{"it is without the byte order mark", bytes.TrimPrefix(body, []byte("\ufeff"))},
		{"it is with a byte order mark", append([]byte("\ufeff"), body...)},
		{"it is read as Latin-1, not UTF-8", fromLatin1(body)},
	}
	if decoded, err := base64.StdEncoding.DecodeString(string(trimmed)); err == nil && len(decoded) > 0 {
		all = append(all, variant{"it is decoded from base64", decoded})
	}
	if read, isJSON := r.json(); isJSON && read.kind == textKind {
		all = append(all, variant{"it is taken out of the JSON string", []byte(read.text)})
	}
	return all
}

// fromLatin1 undoes that UTF-8 was taken for Latin-1 and written as UTF-8.
func fromLatin1(body []byte) []byte {
	undone := make([]byte, 0, len(body))
	for rest := body; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r > 0xff || r == utf8.RuneError && size == 1 {
			return body
		}
		undone, rest = append(undone, byte(r)), rest[size:]
	}
	return undone
}

type namedStyle struct {
	name  string
	style style
}

func styles() []namedStyle {
	var all []namedStyle
	for _, layout := range []namedStyle{
		{"compact JSON", style{}},
		{"JSON with a space behind each comma and colon", style{item: " ", colon: " "}},
		{"JSON indented by two spaces", style{indent: "  ", colon: " "}},
		{"JSON indented by four spaces", style{indent: "    ", colon: " "}},
		{"JSON indented by tabs", style{indent: "\t", colon: " "}},
	} {
		for _, escaped := range []namedStyle{
			{"", style{}},
			{", what is not ASCII escaped", style{escape: escape{ascii: true}}},
			{", <, > and & escaped", style{escape: escape{html: true}}},
			{", slashes escaped", style{escape: escape{slash: true}}},
			{", slashes and what is not ASCII escaped", style{escape: escape{slash: true, ascii: true}}},
		} {
			one := namedStyle{layout.name + escaped.name, layout.style}
			one.style.escape = escaped.style.escape
			all = append(all, one)
			one.name += ", names sorted"
			one.style.isSorted = true
			all = append(all, one)
		}
	}
	return all
}

// insideOf names the members that may have a style of their own.
func insideOf(body *value) []string {
	var names []string
	for _, m := range body.members {
		if (m.value.kind == objectKind || m.value.kind == listKind) && len(names) < maxInner {
			names = append(names, m.name)
		}
	}
	return names
}

// writeInner writes an object on one line without spaces, and one of its members
// in a style.
func (v *value) writeInner(name string, s style) []byte {
	dst := []byte{'{'}
	for i, m := range v.members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, m.name, escape{}), ':')
		if m.name == name {
			dst = append(dst, m.value.write(s)...)
		} else {
			dst = append(dst, m.value.write(style{})...)
		}
	}
	return append(dst, '}')
}
