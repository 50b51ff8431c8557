package signature

import (
	"crypto/sha256"
	"crypto/sha512"
	"io"
	"strings"
)

// claim is what a request says about itself beside its body, as the text that
// was received.
type claim struct {
	id        string
	timestamp string
	url       string
	// headers are those that the content names, by the name it uses.
	headers map[string]string
}

const headerPrefix = "header."

// placeholdersOf returns the names within braces, and whether all braces fit.
func placeholdersOf(content string) ([]string, bool) {
	var names []string
	for {
		literal, rest, found := strings.Cut(content, "{")
		if strings.Contains(literal, "}") {
			return names, false
		}
		if !found {
			return names, true
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return names, false
		}
		names, content = append(names, name), after
	}
}

// digestName takes "digest.sha256.hex" apart.
func digestName(name string) (hash string, encoding Encoding, isDigest bool) {
	rest, found := strings.CutPrefix(name, "digest.")
	hash, written, isWritten := strings.Cut(rest, ".")
	encoding = Base64
	if isWritten {
		encoding = Encoding(written)
	}
	isKnown := encoding == Hex || encoding == Base64 || encoding == Base64URL
	return hash, encoding, found && isKnown && (hash == "sha256" || hash == "sha512")
}

func digestOf(hash string, body []byte) []byte {
	if hash == "sha512" {
		digest := sha512.Sum512(body)
		return digest[:]
	}
	digest := sha256.Sum256(body)
	return digest[:]
}

// writeContent fills in the content's placeholders in one pass, so that a value
// which looks like a placeholder stays what it is. The writer must not fail.
func (s *Scheme) writeContent(to io.Writer, c claim, body []byte) {
	rest := s.Content
	for rest != "" {
		literal, placeholder, found := strings.Cut(rest, "{")
		_, _ = io.WriteString(to, literal)
		if !found {
			return
		}
		name, after, _ := strings.Cut(placeholder, "}")
		switch name {
		case "id":
			_, _ = io.WriteString(to, c.id)
		case "timestamp":
			_, _ = io.WriteString(to, c.timestamp)
		case "url":
			_, _ = io.WriteString(to, c.url)
		case "body":
			_, _ = to.Write(body)
		default:
			if hash, encoding, isDigest := digestName(name); isDigest {
				_, _ = to.Write(encoding.Append(nil, digestOf(hash, body)))
			} else {
				_, _ = io.WriteString(to, c.headers[name])
			}
		}
		rest = after
	}
}
