package detect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
	"github.com/posthorn/posthorn/signature"
)

// explain says what was found.
func (b *builder) explain() []string {
	var said []string
	add := func(format string, arguments ...any) { said = append(said, fmt.Sprintf(format, arguments...)) }
	for i := range b.format.Signatures {
		add("%s", describe(&b.format.Signatures[i]))
	}
	for _, header := range b.format.Headers {
		if strings.Contains(header.Value, "{signature") || strings.Contains(header.Value, "{message.signature}") {
			add("The signature is in the header %s.", header.Name)
		}
	}
	said = append(said, b.whatSays("type", b.kind, b.kindPlace), b.whatSays("id", b.id, b.idPlace))
	if len(b.format.Body) == 0 {
		add("The whole body is taken for the published data.")
	}
	if len(b.constants) > 0 {
		add("Taken to be the same in every request, as in this one: %s.", strings.Join(slices.Compact(slices.Clone(b.constants)), ", "))
	}
	said = append(said, b.notes...)
	for i := range b.format.Signatures {
		if s := &b.format.Signatures[i]; s.Encoding == posthorn.EncodingBase64 && s.Several == "" && b.isAmbiguousBase64() {
			add("This signature has no character that tells base64 from base64url.")
			break
		}
	}
	return said
}

// whatSays tells where the event's type or id stands.
func (b *builder) whatSays(what, text, place string) string {
	switch {
	case text == "":
		return fmt.Sprintf("Nothing says the event's %s.", what)
	case len(b.format.Body) == 0 && !strings.HasPrefix(place, "the header"):
		return fmt.Sprintf("Nothing but the data says the event's %s.", what)
	default:
		return fmt.Sprintf("The event's %s is what %s says.", what, place)
	}
}

func (b *builder) isAmbiguousBase64() bool {
	for i, spans := range b.spans {
		value := b.request.Headers[i].Value
		for _, s := range spans {
			if strings.Contains(s.template, "{signature") && strings.Trim(value[s.start:s.end], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789=") == "" {
				return true
			}
		}
	}
	return false
}

// describe says in words what a scheme signs, and how.
func describe(s *posthorn.SignatureScheme) string {
	key := "the secret is the key as it is"
	if s.Key != posthorn.EncodingText {
		key = "the key is the secret decoded as " + string(s.Key)
	}
	if s.KeyPrefix != "" {
		key += fmt.Sprintf(", without its prefix %q", s.KeyPrefix)
	}
	switch {
	case s.Algorithm == posthorn.NotSigned:
		return "Nothing is signed."
	case len(s.Message.Components) > 0:
		return fmt.Sprintf("Signed by RFC 9421 with %s: %s.", s.Algorithm, strings.Join(s.Message.Components, ", "))
	case s.Algorithm == posthorn.JWTHS256:
		return "Signed with a JSON Web Token of HS256; " + key + "."
	case s.Algorithm.IsAsymmetric():
		return fmt.Sprintf("Signed: %s, with %s, in %s.", shown(s.Content), s.Algorithm, s.Encoding)
	default:
		return fmt.Sprintf("Signed: %s, with %s, in %s; %s.", shown(s.Content), s.Algorithm, s.Encoding, key)
	}
}

// shown is a content on one line.
func shown(content string) string {
	return strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(content)
}

// alreadyKnown names the formats that verify the request as it is.
func (b *builder) alreadyKnown(example *Example) []string {
	var names []string
	for _, format := range example.Known {
		if !example.Budget.Take(costOfFormat) {
			break
		}
		dialect, err := wire.Compile(format)
		if err != nil {
			continue
		}
		scheme, err := dialect.Verification()
		if err != nil || !example.Budget.Take(costOfVerifying(&scheme, len(example.Secrets), b.request)) {
			continue
		}
		_, err = scheme.Verify(example.Secrets, b.request.headers(), b.request.Body, time.Time{}, signature.WithAnyTimestamp(), signature.WithURL(b.request.URL))
		if err == nil {
			names = append(names, format.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{"Its signature is also that of " + strings.Join(names, ", ") + ", which exists already: compare the body and the headers."}
}

// nothingFound says what was looked at.
func nothingFound(b *Budget, r *Request, signed []candidate, result *Inference, secrets []string) []string {
	said := []string{"Nothing that was tried makes the signature of this request."}
	for _, one := range signed {
		header := r.Headers[one.header]
		algorithm, isHash := hashOfLength(len(one.raw))
		what := fmt.Sprintf("%d bytes in %s", len(one.raw), one.encoding)
		if isHash {
			what += ", the length of " + string(algorithm)
		}
		said = append(said, fmt.Sprintf("The header %s looks like a signature: %s, behind %q.", header.Name, what, header.Value[:one.start]))
	}
	all, _ := keysOf(secrets, func(reading) bool { return true })
	_, _, hasToken := findWebToken(b, r, nil)
	switch {
	case len(messagesOf(r)) > 0:
		said = append(said, "The request has signatures by RFC 9421, and none of them is made with these secrets, or they don't cover content-digest.")
	case hasToken:
		said = append(said, "The request has a JSON Web Token, which was made with another secret.")
	case len(signed) == 0:
		said = append(said, "No header holds 20, 32 or 64 bytes in hex or base64, a JSON Web Token, or the secret itself.")
		return append(said, inTheBody(r)...)
	}
	said = append(said, fmt.Sprintf("%d signatures were made: of the body and its digests, with and without the times, ids, event types, URL and method of the request, in all orders, with common separators; with %d readings of the secret.", result.Tried, len(all)))
	if length, isSaid := r.saidLength(); isSaid && length != len(r.Body) {
		said = append(said, fmt.Sprintf("The body has %d bytes and Content-Length says %d: it is not the body that was signed.", len(r.Body), length))
	}
	said = append(said, inTheBody(r)...)
	return append(said, "Check that the secret is the one of this request, and that the body is byte for byte what was sent: `posthorn verify` tries the usual mistakes.")
}

// inTheBody finds a member that looks like a signature: formats sign in headers.
func inTheBody(r *Request) []string {
	body, isJSON := r.json()
	if !isJSON {
		return nil
	}
	for _, m := range body.members {
		if name := plainName(m.name); strings.Contains(name, "signature") || name == "sign" || name == "hmac" {
			return []string{fmt.Sprintf("The body has a member %q: formats can't put a signature into the body that it signs.", m.name)}
		}
	}
	return nil
}
