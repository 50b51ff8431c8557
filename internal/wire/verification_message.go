package wire

import (
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// deriveMessage finds how a message signature is verified (RFC 9421).
func (r *receiver) deriveMessage() error {
	r.scheme.Encoding = ""
	r.scheme.Message = &signature.Message{Components: slices.Clone(r.compiled.scheme.Message.Components)}
	r.scheme.Tolerance = r.dialect.format.Tolerance
	if r.scheme.Tolerance > 0 && !r.compiled.signsTime() {
		return unverifiable(r.pointer()+"/message/parameters", "Times are to be tolerated, and the signature doesn't say when it was created.")
	}
	isCovered := func(name string) string {
		if name = strings.ToLower(name); slices.Contains(r.scheme.Message.Components, name) {
			return name
		}
		return ""
	}
	r.scheme.IDHeader = isCovered(r.headerOf(part{value: eventIDValue}))
	r.scheme.TimestampHeader = isCovered(r.headerOf(part{value: timestampValue}))
	if !r.sendsAlone("Signature-Input", messageInputValue) || !r.sendsAlone("Signature", messageSignatureValue) {
		return unverifiable("/headers", "The headers Signature-Input and Signature aren't {message.input} and {message.signature} alone, and RFC 9421 has receivers look there.")
	}
	if !r.sendsDigest() {
		return unverifiable("/headers", "No header Content-Digest says the digest of the body as RFC 9530 writes it, sha-256=:{digest.sha256}:")
	}
	return nil
}

// sendsAlone reports whether a header of that name holds that value and nothing else.
func (r *receiver) sendsAlone(name string, v value) bool {
	return slices.ContainsFunc(r.dialect.headers, func(header compiledHeader) bool {
		return strings.EqualFold(header.name, name) && len(header.value) == 1 && header.value[0].isSame(part{value: v})
	})
}

// sendsDigest reports whether Content-Digest is a dictionary of digests of the
// body (RFC 9530, section 2), each under the name of its algorithm.
func (r *receiver) sendsDigest() bool {
	for i := range r.dialect.headers {
		header := &r.dialect.headers[i]
		if !strings.EqualFold(header.name, "Content-Digest") {
			continue
		}
		for _, member := range splitTemplate(header.value, ",") {
			if !isDigestMember(member) {
				return false
			}
		}
		return true
	}
	return false
}

// isDigestMember reports whether a member is sha-256=:{digest.sha256}: or the
// same of SHA-512.
func isDigestMember(member template) bool {
	if len(member) != 3 || member[2].value != literalValue || member[2].literal != ":" || member[0].value != literalValue {
		return false
	}
	digest := member[1]
	if len(digest.filters) > 0 || digest.encoding != posthorn.EncodingBase64 {
		return false
	}
	switch strings.TrimLeft(member[0].literal, " ") {
	case "sha-256=:":
		return digest.value == digestSHA256Value
	case "sha-512=:":
		return digest.value == digestSHA512Value
	default:
		return false
	}
}
