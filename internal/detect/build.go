package detect

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// span is a place in a header's value and what a format says there.
type span struct {
	start, end int
	template   string
}

// builder makes a format of what was found.
type builder struct {
	*guess
	format posthorn.Format
	// spans are the signatures, and what is left out beside them, by header.
	spans map[int][]span
	// leftOut are headers that nothing explains.
	leftOut map[int]bool
}

func newBuilder(g *guess, name string) *builder {
	b := &builder{guess: g, spans: map[int][]span{}, leftOut: map[int]bool{}}
	b.format = posthorn.Format{Name: name, Description: "Found from one request of another sender.", Success: []string{"2xx"}}
	return b
}

const usualTolerance = 5 * time.Minute

// addMatches makes schemes of the signatures that were made again.
func (b *builder) addMatches(matches []match) {
	type place struct {
		match
		scheme int
	}
	places := make([]place, 0, len(matches))
	for _, m := range matches {
		scheme := b.schemeOf(m)
		at := slices.IndexFunc(b.format.Signatures, func(s posthorn.SignatureScheme) bool { return isSameScheme(s, scheme) })
		if at < 0 {
			at = len(b.format.Signatures)
			b.format.Signatures = append(b.format.Signatures, scheme)
		}
		places = append(places, place{m, at})
	}
	b.nameSchemes(matches)
	for _, p := range places {
		template := "signature"
		if p.scheme > 0 {
			template += "." + b.format.Signatures[p.scheme].Name
		}
		if p.isUpper {
			template += "|upper"
		}
		b.spans[p.header] = append(b.spans[p.header], span{p.start, p.end, "{" + template + "}"})
	}
	if b.isSigned {
		b.format.Tolerance = usualTolerance
	}
}

func (b *builder) schemeOf(m match) posthorn.SignatureScheme {
	scheme := posthorn.SignatureScheme{Algorithm: m.algorithm, Encoding: m.encoding, ECDSA: m.ecdsa, Content: b.contentOf(m)}
	if !m.algorithm.IsAsymmetric() {
		scheme.Key, scheme.KeyPrefix = m.reading.encoding, m.reading.prefix
		if !m.reading.isExpressible {
			scheme.Key = posthorn.EncodingText
			b.differ("The secret is %s, which no format does: give it in that form as the webhook's secret.", m.reading.mistake)
		}
	}
	if m.isUnpadded {
		b.differ("The signature is %s without the padding, which formats write.", m.encoding)
	}
	return scheme
}

func (b *builder) contentOf(m match) string {
	texts := make([]string, 0, len(m.content))
	for _, p := range m.content {
		text := p.template
		switch {
		case p.part == timePart:
			at, _ := readMoment(string(p.text))
			text = timeTemplate(at.form, true)
			if !at.isExact {
				b.differ("The time %q that is signed is written as formats don't write it.", p.text)
			}
		case text == "":
			text, _ = b.template(string(p.text), true)
		}
		if p.isFixed {
			b.note("What is signed holds %q, a part of the URL: this format is for webhooks with that part alone.", p.text)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, escapeBraces(m.separator))
}

func isSameScheme(one, other posthorn.SignatureScheme) bool {
	return one.Algorithm == other.Algorithm && one.Encoding == other.Encoding && one.ECDSA == other.ECDSA && one.Content == other.Content &&
		one.Key == other.Key && one.KeyPrefix == other.KeyPrefix && len(one.Claims)+len(other.Claims)+len(one.Message.Components)+len(other.Message.Components) == 0
}

// nameSchemes names several schemes by what stands before their signatures, or by
// number.
func (b *builder) nameSchemes(matches []match) {
	if len(b.format.Signatures) < 2 {
		return
	}
	used := map[string]bool{}
	for i := range b.format.Signatures {
		name := ""
		if i < len(matches) {
			before := b.request.Headers[matches[i].header].Value[:matches[i].start]
			words := strings.FieldsFunc(strings.ToLower(before), func(r rune) bool { return !isAlphanumeric(byte(min(r, 127))) })
			if len(words) > 0 && words[len(words)-1][0] >= 'a' {
				name = words[len(words)-1]
			}
		}
		if name == "" || used[name] {
			name = "s" + strconv.Itoa(i+1)
		}
		used[name] = true
		b.format.Signatures[i].Name = name
	}
}

// leaveOut takes what nothing explains out of the headers: further signatures of
// the same scheme become what is appended during a rotation.
func (b *builder) leaveOut(all []candidate, isExplained []bool) {
	for i, one := range all {
		if isExplained[i] {
			continue
		}
		value, spans := b.request.Headers[one.header].Value, b.spans[one.header]
		if len(spans) == 0 {
			if !b.holdsKnown(value) && likelihood(b.request.Headers[one.header].Name) > 0 {
				b.leftOut[one.header] = true
				b.note("The header %s looks like a signature too, and nothing explains it: it is left out.", b.request.Headers[one.header].Name)
			}
			continue
		}
		before := -1
		for at := range spans {
			if spans[at].end <= one.start && (before < 0 || spans[at].end > spans[before].end) {
				before = at
			}
		}
		if before < 0 {
			b.note("The header %s begins with a signature that nothing explains.", b.request.Headers[one.header].Name)
			continue
		}
		between := value[spans[before].end:one.start]
		entry := strings.TrimLeft(between, entryEnds)
		if entry != between && strings.HasSuffix(value[:spans[before].start], entry) && len(b.format.Signatures) == 1 {
			b.format.Signatures[0].Several = escapeBraces(between) + "{signature}"
		} else {
			b.note("A signature in %s, behind %q, is explained by none of the secrets: it is left out.", b.request.Headers[one.header].Name, strings.TrimSpace(between))
		}
		b.spans[one.header] = append(spans, span{spans[before].end, one.end, ""})
	}
}

func (b *builder) holdsKnown(text string) bool { return text == b.kind || text == b.id }
