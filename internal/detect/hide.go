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

// encodedPattern finds what may be base64 of something.
var encodedPattern = regexp.MustCompile(`[A-Za-z0-9+/_-]{6,}={0,2}`)

// hider returns what takes the secrets out of a text: as they are, in hex, escaped,
// and in base64, also where that encodes something around them.
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
	return func(text string) string {
		return encodedPattern.ReplaceAllStringFunc(replacer.Replace(text), func(part string) string {
			if encodesAny(part, long) {
				return hidden
			}
			return part
		})
	}
}

// encodesAny reports whether a text is base64 of something that has one of the
// secrets in it.
func encodesAny(text string, secrets []string) bool {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	decoded, err := base64.RawStdEncoding.DecodeString(text)
	return err == nil && slices.ContainsFunc(secrets, func(secret string) bool { return bytes.Contains(decoded, []byte(secret)) })
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
