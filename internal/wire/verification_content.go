package wire

import (
	"strings"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// separators are what may stand between the entries of a header.
const separators = ",; |&"

// leadingSeparator is what a further signature begins with.
func leadingSeparator(several template) string {
	text := several[0].literal
	run := text[:len(text)-len(strings.TrimLeft(text, separators))]
	if trimmed := strings.TrimSpace(run); trimmed != "" { // ", " is a comma: entries lose their spaces
		return trimmed
	}
	return run
}

// innerSeparator is what stands between the entries of one header.
func innerSeparator(entry template) string {
	for i, p := range entry {
		if p.value != literalValue || i == 0 || i == len(entry)-1 {
			continue
		}
		for _, c := range p.literal {
			if strings.ContainsRune(separators, c) {
				return string(c)
			}
		}
	}
	return ""
}

// splitTemplate cuts a template at each separator, and the spaces off its ends.
func splitTemplate(t template, separator string) []template {
	if separator == "" {
		return []template{t}
	}
	entries := []template{nil}
	for _, p := range t {
		if p.value != literalValue {
			entries[len(entries)-1] = append(entries[len(entries)-1], p)
			continue
		}
		for i, text := range strings.Split(p.literal, separator) {
			if i > 0 {
				entries = append(entries, nil)
			}
			last := len(entries) - 1
			if len(entries[last]) == 0 {
				text = strings.TrimLeft(text, " ")
			}
			entries[last] = entries[last].withLiteral(text)
		}
	}
	return entries
}

// ending returns an entry's placeholder and the literal before it.
func ending(entry template) (string, part) {
	if len(entry) == 0 {
		return "", part{}
	}
	last := entry[len(entry)-1]
	if len(entry) == 1 || entry[0].value != literalValue {
		return "", last
	}
	return entry[0].literal, last
}

// deriveContent writes what is signed with the names that receivers know.
func (r *receiver) deriveContent() error {
	var content strings.Builder
	for _, p := range r.compiled.content {
		text, err := r.contentPart(p)
		if err != nil {
			return err
		}
		content.WriteString(text)
	}
	r.scheme.Content = content.String()
	if r.signed == literalValue {
		return nil
	}
	r.scheme.Tolerance = r.dialect.format.Tolerance
	return r.checkTimeEntry()
}

func (r *receiver) contentPart(p part) (string, error) {
	header := r.headerOf(p)
	isPlain := len(p.filters) == 0 && p.offset == 0
	switch {
	case p.value == literalValue && !strings.ContainsAny(p.literal, "{}"):
		return p.literal, nil
	case p.value == literalValue:
	case !isPlain && header != "":
		return "{header." + header + "}", nil
	case !isPlain:
	case p.value == bodyValue:
		return "{body}", nil
	case p.value == webhookURLValue:
		return "{url}", nil
	case p.value == digestSHA256Value || p.value == digestSHA512Value:
		return "{" + digestPlaceholder(p) + "}", nil
	case p.value == eventIDValue && header != "":
		r.scheme.IDHeader = header
		return "{id}", nil
	case r.isTime(p, header):
		r.scheme.TimestampHeader = header
		r.scheme.TimestampPrefix = r.timePrefix(p.value)
		r.signed = p.value
		if p.value == timestampMsValue {
			r.scheme.TimestampUnit = signature.Milliseconds
		}
		return "{timestamp}", nil
	case header != "":
		return "{header." + header + "}", nil
	}
	return "", unverifiable(r.pointer()+"/content", "What is signed holds something that receivers don't get in a header of its own.")
}

// isTime reports whether a part is the time that receivers look at. There is one of them: a
// second one is signed like any other header, if it has one of its own.
func (r *receiver) isTime(p part, header string) bool {
	isKnown := p.value == timestampValue || p.value == timestampMsValue
	isFirst := r.signed == literalValue || r.signed == p.value
	return isKnown && isFirst && (header != "" || r.timePrefix(p.value) != "")
}

func digestPlaceholder(p part) string {
	name := "digest.sha256"
	if p.value == digestSHA512Value {
		name = "digest.sha512"
	}
	if p.encoding != posthorn.EncodingBase64 {
		name += "." + string(p.encoding)
	}
	return name
}

// deriveClaims finds the claims that receivers look at.
func (r *receiver) deriveClaims() error {
	claims := &signature.Claims{}
	c := &compiler{Dialect: r.dialect}
	for _, field := range r.compiled.scheme.Claims {
		text := field.Template
		if field.Number != "" {
			text = field.Number
		}
		parsed, err := c.parseTemplate("", text, inContent)
		if err != nil || len(parsed) != 1 || len(parsed[0].filters) > 0 {
			continue // a claim of no interest: it was checked when the format was
		}
		switch p := parsed[0]; {
		case p.value == digestSHA256Value:
			claims.Digest, claims.Hash, claims.Encoding = field.Name, "sha256", signature.Encoding(p.encoding)
		case p.value == digestSHA512Value:
			claims.Digest, claims.Hash, claims.Encoding = field.Name, "sha512", signature.Encoding(p.encoding)
		case p.value == timestampValue && field.Number != "" && p.offset == 0:
			claims.Timestamp = field.Name
		case p.value == timestampValue && field.Number != "" && field.Name == "exp":
			claims.Expires = field.Name
		case p.value == eventIDValue:
			claims.ID = field.Name
		}
	}
	if claims.Digest == "" {
		return unverifiable(r.pointer()+"/claims", "No claim is a digest of the body.")
	}
	r.scheme.Encoding, r.scheme.Separator, r.scheme.Claims = "", "", claims
	if claims.Timestamp != "" {
		r.scheme.Tolerance = r.dialect.format.Tolerance
	}
	return r.checkBounds()
}

// checkBounds: whatever a format means by the claims exp and nbf, receivers hold a token
// to them.
func (r *receiver) checkBounds() error {
	c := &compiler{Dialect: r.dialect}
	for _, field := range r.compiled.scheme.Claims {
		if field.Name != "exp" && field.Name != "nbf" {
			continue
		}
		var said part
		if parsed, err := c.parseTemplate("", field.Number, inContent); err == nil && len(parsed) == 1 && len(parsed[0].filters) == 0 {
			said = parsed[0]
		}
		ahead := time.Duration(said.offset) * time.Second
		isAhead := field.Name == "exp" && said.value == timestampValue && ahead > 0
		isReached := field.Name == "nbf" && (said.value == timestampValue && ahead <= r.scheme.Tolerance || said.value == eventTimestampSecondsValue)
		if !isAhead && !isReached {
			return unverifiable(r.pointer()+"/claims", "The claim "+field.Name+" is no time in seconds that the token is within when it is sent.")
		}
	}
	return nil
}
