package detect

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// hidden stands in the place of a secret.
const hidden = "***"

// What may be an encoding of something: a word, base64 in it, a run of hex, an escaped
// character.
var (
	wordPattern   = regexp.MustCompile(`[A-Za-z0-9+/_%\\-]{6,}={0,2}`)
	base64Pattern = regexp.MustCompile(`[A-Za-z0-9+/_-]{6,}`)
	hexPattern    = regexp.MustCompile(`[0-9A-Fa-f]{8,}`)
	escapePattern = regexp.MustCompile(`%[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}|\\[/"\\]`)
)

// hider returns what takes the secrets out of a text: as they are, in hex, escaped,
// and in base64, also where that encodes something around them, or is encoded again.
func hider(secrets []string) func(string) string {
	var pairs, long []string
	for _, secret := range secrets {
		if len(secret) < shortestToken {
			continue
		}
		long = append(long, secret)
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret)), url.QueryEscape(secret), escapeBraces(secret)} {
			pairs = append(pairs, form, hidden)
		}
	}
	replacer := strings.NewReplacer(pairs...)
	const depth = 2 // encodings around each other
	return func(text string) string {
		return wordPattern.ReplaceAllStringFunc(replacer.Replace(text), func(word string) string {
			if holdsAny(word, long, depth) {
				return hidden
			}
			return word
		})
	}
}

// holdsAny reports whether a text has one of the secrets in it, below so many encodings.
func holdsAny(text string, secrets []string, depth int) bool {
	if slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(text, secret) }) {
		return true
	}
	return depth > 0 && slices.ContainsFunc(decoded(text), func(inner string) bool { return holdsAny(inner, secrets, depth-1) })
}

// decoded is everything that a text may be an encoding of. Where hex or base64 begins
// within a word isn't known, so each place that matters is tried.
func decoded(text string) []string {
	var found []string
	if plain := escapePattern.ReplaceAllStringFunc(text, unescape); plain != text {
		found = append(found, plain)
	}
	for _, run := range hexPattern.FindAllString(text, -1) {
		for start := range 2 {
			whole := run[start : len(run)-(len(run)-start)%2]
			bytes, _ := hex.DecodeString(whole) // the pattern lets nothing else through
			found = append(found, string(bytes))
		}
	}
	for _, word := range base64Pattern.FindAllString(text, -1) {
		word = strings.Map(standard, word)
		for start := range 4 {
			whole := word[start:]
			if len(whole)%4 == 1 { // no encoding ends so
				whole = whole[:len(whole)-1]
			}
			bytes, _ := base64.RawStdEncoding.DecodeString(whole) // the pattern lets nothing else through
			found = append(found, string(bytes))
		}
	}
	return found
}

// standard is the character of base64 for one of base64url.
func standard(c rune) rune {
	switch c {
	case '-':
		return '+'
	case '_':
		return '/'
	default:
		return c
	}
}

// unescape is the character that one escape stands for.
func unescape(escape string) string {
	if code, err := hex.DecodeString(escape[max(1, len(escape)-2):]); err == nil {
		return string(code)
	}
	return escape[1:]
}

// hide takes the secrets out of everything that is told.
func (i *Inference) hide(secrets []string) {
	hide := hider(secrets)
	for at := range i.Explanation {
		i.Explanation[at] = hide(i.Explanation[at])
	}
	for at := range i.Differences {
		i.Differences[at] = hide(i.Differences[at])
	}
	before := wire.FormatYAML(i.Format)
	i.Format = i.Format.Clone()
	hideFields(i.Format.Body, hide)
	i.Format.ContentType = hide(i.Format.ContentType)
	for at := range i.Format.Headers {
		i.Format.Headers[at].Value = hide(i.Format.Headers[at].Value)
	}
	for at := range i.Format.Signatures {
		scheme := &i.Format.Signatures[at]
		scheme.Content, scheme.Several = hide(scheme.Content), hide(scheme.Several)
		hideFields(scheme.Claims, hide)
	}
	if !bytes.Equal(before, wire.FormatYAML(i.Format)) {
		i.IsExact = false
		i.Differences = append(i.Differences, "The request holds the secret where formats can't put it; there it is shown as "+hidden+".")
	}
}

func hideFields(fields []posthorn.BodyField, hide func(string) string) {
	for i := range fields {
		fields[i].Template, fields[i].Constant = hide(fields[i].Template), hide(fields[i].Constant)
		hideFields(fields[i].Members, hide)
		hideFields(fields[i].Items, hide)
	}
}
