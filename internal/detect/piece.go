package detect

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// part is what a piece of the signed content is. Of each part a content has one
// piece at most.
type part uint8

const (
	literalPart part = iota
	timePart
	namePart // an id, a type, an account: what a header or the body says
	placePart
	methodPart
	bodyPart
)

// piece is something that may be signed.
type piece struct {
	part part
	text []byte
	// template is how a format says it; empty when that depends on what the value
	// is, see guess.template.
	template string
	// isFixed: a format can only say it as it stands in this request.
	isFixed bool
}

// pieces are what may be signed of a request.
type pieces struct {
	literals, times, names, places, bodies []piece
	method                                 piece
}

const (
	maxTimes = 3
	maxNames = 6
)

func piecesOf(r *Request, signed []candidate) pieces {
	p := pieces{method: piece{part: methodPart, text: []byte(r.Method), template: r.Method}}
	p.literals = literalsOf(r, signed)
	for _, one := range timesOf(r) {
		p.times = append(p.times, piece{part: timePart, text: []byte(one)})
	}
	for _, one := range namesOf(r, signed) {
		p.names = append(p.names, piece{part: namePart, text: []byte(one)})
	}
	for _, whole := range r.urls() {
		p.places = append(p.places, piece{part: placePart, text: []byte(whole), template: "{webhook.url}"})
	}
	if parsed, err := url.Parse(r.URL); err == nil && r.URL != "" {
		for _, one := range []string{parsed.RequestURI(), parsed.EscapedPath(), parsed.Host, parsed.Host + parsed.RequestURI()} {
			p.places = append(p.places, piece{part: placePart, text: []byte(one), template: escapeBraces(one), isFixed: true})
		}
	}
	p.bodies = append(p.bodies, piece{part: bodyPart, text: r.Body, template: "{body}"})
	short, long := sha256.Sum256(r.Body), sha512.Sum512(r.Body)
	for _, one := range []struct{ text, template string }{
		{hex.EncodeToString(short[:]), "{digest.sha256.hex}"},
		{base64.StdEncoding.EncodeToString(short[:]), "{digest.sha256}"},
		{hex.EncodeToString(long[:]), "{digest.sha512.hex}"},
		{base64.StdEncoding.EncodeToString(long[:]), "{digest.sha512}"},
	} {
		p.bodies = append(p.bodies, piece{part: bodyPart, text: []byte(one.text), template: one.template})
	}
	return p
}

// literalsOf are the versions that the content may begin with: those that the
// signatures themselves begin with, and the usual ones.
func literalsOf(r *Request, signed []candidate) []piece {
	var texts []string
	for _, one := range signed {
		before := r.Headers[one.header].Value[:one.start]
		at := strings.LastIndexAny(before, entryEnds)
		version := strings.TrimRight(before[at+1:], "=:.,")
		if version != "" && len(version) <= 16 && !slices.Contains(texts, version) {
			texts = append(texts, version)
		}
	}
	for _, version := range []string{"v0", "v1", "v2"} {
		if !slices.Contains(texts, version) {
			texts = append(texts, version)
		}
	}
	literals := make([]piece, 0, len(texts))
	for _, text := range texts {
		literals = append(literals, piece{part: literalPart, text: []byte(text), template: escapeBraces(text)})
	}
	return literals
}

// timesOf are the moments that the headers name, as they are written.
func timesOf(r *Request) []string {
	var times []string
	for _, header := range r.Headers {
		if isPlumbing(header.Name) && !strings.EqualFold(header.Name, "Date") {
			continue
		}
		for _, field := range append([]string{header.Value}, fieldsOf(header.Value)...) {
			if len(times) == maxTimes {
				return times
			}
			if _, isTime := readMoment(field); isTime && !slices.Contains(times, field) {
				times = append(times, field)
			}
		}
	}
	return times
}

// fieldsOf are the values of what a header lists: t=1, v1=2 has 1 and 2.
func fieldsOf(text string) []string {
	var fields []string
	for _, entry := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(entryEnds, r) }) {
		at := strings.IndexAny(entry, "=:")
		fields = append(fields, strings.Trim(entry[at+1:], `"`))
	}
	return fields
}

// namesOf are what may be signed beside the body and the time; what looks like an
// id comes first.
func namesOf(r *Request, signed []candidate) []string {
	var names []string
	add := func(text string) {
		_, isTime := readMoment(text)
		if len(names) < maxNames && text != "" && len(text) <= posthorn.MaxHeaderValue && !isTime && !slices.Contains(names, text) {
			names = append(names, text)
		}
	}
	for _, wanted := range []int{2, 1, 0} {
		for i, header := range r.Headers {
			holdsSignature := slices.ContainsFunc(signed, func(one candidate) bool { return one.header == i })
			if isPlumbing(header.Name) || holdsSignature || idLikelihood(header.Name) != wanted {
				continue
			}
			add(header.Value)
		}
	}
	if body, isJSON := r.json(); isJSON {
		for _, m := range body.members {
			if m.value.kind == textKind && (isIDName(m.name) || isTypeName(m.name)) {
				add(m.value.text)
			}
		}
	}
	return names
}

func idLikelihood(name string) int {
	name = strings.ToLower(name)
	switch {
	case strings.HasSuffix(name, "id"), strings.Contains(name, "delivery"), strings.Contains(name, "nonce"):
		return 2
	case strings.Contains(name, "event"), strings.Contains(name, "topic"), strings.Contains(name, "type"):
		return 1
	default:
		return 0
	}
}

func escapeBraces(text string) string {
	return strings.NewReplacer("{", "{{", "}", "}}").Replace(text)
}
