package detect

import (
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// addHeaders makes templates of the headers that belong to the dialect.
func (b *builder) addHeaders() {
	seen := map[string]bool{}
	for i, header := range b.request.Headers {
		name := strings.ToLower(header.Name)
		switch {
		case name == "content-type":
			b.format.ContentType = header.Value
		case isPlumbing(name), b.leftOut[i], seen[name]:
		case posthorn.ValidateHeaderName("", header.Name) != nil:
		case len(b.spans[i]) == 0 && holdsCredentials(header):
			b.note("The header %s is left out: nothing explains it, and it may hold a secret.", header.Name)
		default:
			seen[name] = true
			b.format.Headers = append(b.format.Headers, posthorn.Header{Name: header.Name, Value: b.headerTemplate(i)})
		}
	}
}

// holdsCredentials reports whether a header is made for what nobody else may know
// (RFC 9110, section 11.6), or says that it has such.
func holdsCredentials(header posthorn.Header) bool {
	name, value := strings.ToLower(header.Name), strings.ToLower(header.Value)
	return name == "authorization" || name == "proxy-authorization" || strings.HasPrefix(value, "basic ") || strings.HasPrefix(value, "bearer ")
}

// headerTemplate is a header's value with placeholders.
func (b *builder) headerTemplate(index int) string {
	header, spans := b.request.Headers[index], b.spans[index]
	if len(spans) == 0 {
		if template, isAttempt := b.attemptNumber(header); isAttempt {
			return template
		}
		template, isKnown := b.template(header.Value, b.isAttemptTime(header))
		if digested := b.replaceDigests(template); digested != template {
			return digested
		}
		if !isKnown {
			b.constants = append(b.constants, header.Name)
		}
		return template
	}
	slices.SortFunc(spans, func(one, other span) int { return one.start - other.start })
	var text strings.Builder
	end := 0
	for _, s := range spans {
		text.WriteString(b.between(header.Value[end:s.start]))
		text.WriteString(s.template)
		end = s.end
	}
	text.WriteString(b.between(header.Value[end:]))
	return text.String()
}

// isAttemptTime reports whether a header's time is that of the attempt, not of the
// event.
func (b *builder) isAttemptTime(header posthorn.Header) bool {
	name := plainName(header.Name)
	isOfEvent := strings.HasPrefix(name, "ce") || strings.Contains(name, "event") || strings.Contains(name, "occur") || strings.Contains(name, "creat")
	return header.Value == b.signed && (b.isSigned || !isOfEvent)
}

func (b *builder) attemptNumber(header posthorn.Header) (string, bool) {
	name := plainName(header.Name)
	if !strings.Contains(name, "attempt") || len(header.Value) != 1 || header.Value < "1" || header.Value > "9" {
		return "", false
	}
	b.input.AttemptNumber = int(header.Value[0] - '0')
	return "{attempt.number}", true
}

// between makes a template of what stands around a signature: the moment of
// signing, an id of ours, and literals.
func (b *builder) between(text string) string {
	escaped, _ := b.ownIDs(text)
	if b.signed == "" {
		return escaped
	}
	at := strings.Index(escaped, b.signed)
	end := at + len(b.signed)
	if at < 0 || at > 0 && isAlphanumeric(escaped[at-1]) || end < len(escaped) && isAlphanumeric(escaped[end]) {
		return escaped
	}
	return escaped[:at] + timeTemplate(b.signedAt.form, true) + escaped[end:]
}
