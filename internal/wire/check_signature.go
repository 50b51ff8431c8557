package wire

import (
	"fmt"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// maxSchemes is how many schemes may sign side by side.
const maxSchemes = 4

// checkSchemes checks the list of schemes as a whole.
func (c *compiler) checkSchemes() {
	schemes := c.format.Signatures
	switch {
	case len(schemes) == 0:
		c.problems.Add(posthorn.Invalid("/signature", "The format doesn't say how requests are signed.", "Add signature, with algorithm: none if nothing is signed."))
	case len(schemes) > maxSchemes:
		c.problems.Add(posthorn.Invalid("/signatures", fmt.Sprintf("%d schemes are more than the %d allowed.", len(schemes), maxSchemes), "Keep fewer schemes."))
	case isSingle(schemes):
		return
	}
	seen := map[string]bool{}
	for i, scheme := range schemes {
		pointer := c.schemePointer(i) + "/name"
		if checkName(scheme.Name) != nil {
			c.problems.Add(posthorn.Invalid(pointer, fmt.Sprintf("Each of several schemes needs a name of 1 to %d characters of a-z, 0-9 and '-', beginning with a letter.", maxName), "For example: v1"))
		}
		if seen[scheme.Name] {
			c.problems.Add(posthorn.Invalid(pointer, fmt.Sprintf("Two schemes are called %q.", clip(scheme.Name)), "Rename one of them."))
		}
		seen[scheme.Name] = true
		if scheme.Algorithm == posthorn.NotSigned && len(schemes) > 1 {
			c.problems.Add(posthorn.Invalid(c.schemePointer(i)+"/algorithm", "One of several schemes signs nothing.", "Leave it out."))
		}
	}
}

// checkScheme checks what one scheme says.
func (c *compiler) checkScheme(pointer string, s posthorn.SignatureScheme) {
	add := func(field, message, hint string) { c.problems.Add(posthorn.Invalid(pointer+field, message, hint)) }
	isMessage := len(s.Message.Components) > 0
	switch s.Algorithm {
	case posthorn.NotSigned:
		s.Name, s.Several, s.SeveralLines = "", "", false
		if !isBareNone(s) {
			add("", "The algorithm is none, and more is said about the signature.", "Leave out everything but the algorithm and several.")
		}
		return
	case posthorn.HMACSHA1, posthorn.HMACSHA256, posthorn.HMACSHA512, posthorn.JWTHS256:
		c.problems.Add(checkEncoding(pointer+"/key", s.Key, posthorn.EncodingText, posthorn.EncodingHex, posthorn.EncodingBase64, posthorn.EncodingBase64URL))
		c.problems.Add(checkKeyPrefix(pointer+"/keyPrefix", s.KeyPrefix))
		if s.IsOptional {
			add("/optional", "Only schemes that sign with keys of the environment are optional.", "Leave it out.")
		}
	case posthorn.Ed25519, posthorn.ECDSAP256:
		if s.Key != "" || s.KeyPrefix != "" {
			add("/key", fmt.Sprintf("%s signs with a key of the environment, which has no encoding.", s.Algorithm), "Leave out key and keyPrefix.")
		}
	case "":
		add("/algorithm", "The format doesn't say how requests are signed.", algorithmHint)
	default:
		add("/algorithm", fmt.Sprintf("%q is not an algorithm.", clip(string(s.Algorithm))), algorithmHint)
	}
	if s.Algorithm == posthorn.ECDSAP256 && s.ECDSA != posthorn.ECDSADER && s.ECDSA != posthorn.ECDSARaw || s.Algorithm != posthorn.ECDSAP256 && s.ECDSA != "" {
		add("/ecdsa", "The form of an ECDSA signature is der or raw.", "Say it with ecdsa-p256-sha256, and not otherwise.")
	}
	c.checkWhatIsSigned(pointer, s, isMessage)
	if s.Several != "" && s.SeveralLines {
		add("/several", "Further signatures are either appended or lines of their own.", "Keep one of the two.")
	}
	if s.AppendTo != "" && s.Several == "" {
		add("/several", "What is appended to a header needs a template.", "For example: \" v1a,{signature}\"")
	}
	if s.AppendTo != "" && !slices.ContainsFunc(c.format.Headers, func(h posthorn.Header) bool { return isSameHeader(h.Name, s.AppendTo) }) {
		add("/appendTo", fmt.Sprintf("No header of the format is called %q.", clip(s.AppendTo)), "Name one of its headers.")
	}
}

const algorithmHint = "Use hmac-sha256, hmac-sha512, hmac-sha1, jwt-hs256, ed25519, ecdsa-p256-sha256 or none."

// checkWhatIsSigned: a message has components, a token claims, and everything
// else a content.
func (c *compiler) checkWhatIsSigned(pointer string, s posthorn.SignatureScheme, isMessage bool) {
	add := func(field, message, hint string) { c.problems.Add(posthorn.Invalid(pointer+field, message, hint)) }
	isToken := s.Algorithm == posthorn.JWTHS256
	if isToken != (len(s.Claims) > 0) {
		add("/claims", "A token needs claims, and nothing else has any.", "For example: claims: [{iat: {number: \"{timestamp}\"}}, {sha256: \"{digest.sha256.hex}\"}]")
	}
	if isMessage || isToken {
		if s.Content != "" {
			add("/content", "What is signed is made of the claims, or of the message's components.", "Leave out content.")
		}
	} else if s.Content == "" {
		add("/content", "Nothing is said of what is signed.", "For example: {timestamp}.{body}")
	}
	switch {
	case isToken && s.Encoding != "":
		add("/encoding", "A token has an encoding of its own.", "Leave out encoding.")
	case isMessage && s.Encoding != posthorn.EncodingBase64:
		add("/encoding", "RFC 9421 writes signatures in base64.", "Leave out encoding.")
	case !isToken:
		c.problems.Add(checkEncoding(pointer+"/encoding", s.Encoding, posthorn.EncodingHex, posthorn.EncodingBase64, posthorn.EncodingBase64URL))
	}
	if isMessage && (s.Several != "" || s.SeveralLines || s.AppendTo != "") {
		add("/several", "Message signatures stand side by side by themselves.", "Leave out several and appendTo.")
	}
	c.checkFieldsAs(pointer+"/claims", s.Claims, false)
}

// isBareNone reports whether nothing is set beside the algorithm.
func isBareNone(s posthorn.SignatureScheme) bool {
	return s.Content == "" && s.Encoding == "" && s.Key == "" && s.KeyPrefix == "" && s.ECDSA == "" && !s.IsOptional &&
		s.AppendTo == "" && len(s.Claims) == 0 && len(s.Message.Components) == 0
}

// checkHeadersOfSchemes wants each scheme's signature in a header, and no header
// to wait for a signature that nobody makes.
func (c *compiler) checkHeadersOfSchemes(used []bool) {
	hasMessage, showsInput, showsSignature := false, false, false
	for _, header := range c.headers {
		showsInput = showsInput || header.value.uses(messageInputValue)
		showsSignature = showsSignature || header.value.uses(messageSignatureValue)
		if header.value.uses(signatureValue) && len(c.schemes) > 0 && c.schemes[0].scheme.Algorithm == posthorn.NotSigned {
			c.problems.Add(posthorn.Invalid("/headers", "A header holds {signature}, and the algorithm is none.", "Name an algorithm, or leave the header out."))
		}
	}
	for i, scheme := range c.schemes {
		isMessage := scheme.message != nil
		hasMessage = hasMessage || isMessage
		isNone := scheme.scheme.Algorithm == posthorn.NotSigned
		if used[i] || isMessage || isNone && scheme.several == nil && !scheme.scheme.SeveralLines {
			continue
		}
		name := "{signature}"
		switch {
		case isNone:
			name = "{secret}"
		case i > 0:
			name = "{signature." + scheme.scheme.Name + "}"
		}
		c.problems.Add(posthorn.Invalid("/headers", "No header holds "+name+".", "Add one, or say algorithm: none."))
	}
	if hasMessage != (showsInput && showsSignature) || hasMessage != (showsInput || showsSignature) {
		c.problems.Add(posthorn.Invalid("/headers", "Message signatures need {message.input} and {message.signature} in headers, and nothing else does.",
			"Add Signature-Input: \"{message.input}\" and Signature: \"{message.signature}\"."))
	}
}

func checkEncoding(pointer string, encoding posthorn.Encoding, allowed ...posthorn.Encoding) *posthorn.Error {
	if slices.Contains(allowed, encoding) {
		return nil
	}
	return posthorn.Invalid(pointer, fmt.Sprintf("%q is not an encoding that can be used here.", clip(string(encoding))), "Use one of "+joined(allowed)+".")
}

// joined writes names one behind the other.
func joined[T ~string](names []T) string {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = string(name)
	}
	return strings.Join(texts, ", ")
}

func checkKeyPrefix(pointer, prefix string) *posthorn.Error {
	const limit = 32
	if len(prefix) > limit {
		return posthorn.Invalid(pointer, fmt.Sprintf("The prefix is longer than %d bytes.", limit), "Shorten it.")
	}
	return posthorn.ValidateHeaderValue(pointer, prefix)
}

func isSameHeader(one, other string) bool { return one != "" && strings.EqualFold(one, other) }
