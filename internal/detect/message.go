package detect

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// message is an HTTP message signature (RFC 9421) that one of the secrets made.
type message struct {
	label      string
	components []string
	// parameters are name and value, in order, without quotation marks.
	parameters [][2]string
	algorithm  posthorn.SignatureAlgorithm
	reading    reading
	url        string
}

// The headers of RFC 9421.
const (
	inputHeader     = "Signature-Input"
	signatureHeader = "Signature"
)

// maxMessages is how many signatures of a request are looked at.
const maxMessages = 8

var (
	inputPattern     = regexp.MustCompile(`([a-z*][a-z0-9_.*-]*)=\(([^()]*)\)((?:;[a-z]+=(?:"[^"]*"|[0-9]+))*)`)
	parameterPattern = regexp.MustCompile(`;([a-z]+)=(?:"([^"]*)"|([0-9]+))`)
)

// messagesOf reads Signature-Input.
func messagesOf(r *Request) []message {
	var all []message
	lines := r.values(inputHeader)
	if len(lines) != 1 || len(lines[0]) > maxHeaderValue {
		return nil // nobody reads such a one
	}
	for _, found := range inputPattern.FindAllStringSubmatch(lines[0], maxMessages) {
		m := message{label: found[1]}
		for _, component := range strings.Fields(found[2]) {
			m.components = append(m.components, strings.Trim(component, `"`))
		}
		for _, parameter := range parameterPattern.FindAllStringSubmatch(found[3], -1) {
			m.parameters = append(m.parameters, [2]string{parameter[1], parameter[2] + parameter[3]})
		}
		all = append(all, m)
	}
	return all
}

func (m *message) parameter(name string) string {
	for _, parameter := range m.parameters {
		if parameter[0] == name {
			return parameter[1]
		}
	}
	return ""
}

// findMessages returns the message signatures that the secrets made.
func findMessages(b *Budget, r *Request, secrets []string, all []reading) []message {
	var found []message
	for _, m := range messagesOf(r) {
		if m.isSignedBy(b, r, secrets, all) {
			found = append(found, m)
		}
	}
	return found
}

// isSignedBy tries the readings of the secrets, and the secrets as public keys.
func (m *message) isSignedBy(b *Budget, r *Request, secrets []string, all []reading) bool {
	only := m.only(r)
	try := func(scheme signature.Scheme, secret string) bool {
		scheme.Message = &signature.Message{Components: m.components}
		for _, url := range append(r.urls(), "") {
			if !b.Take(costOfVerifying(&scheme, 1, r)) {
				return false
			}
			if _, err := scheme.Verify([]string{secret}, only, r.Body, time.Time{}, signature.WithURL(url)); err == nil {
				m.url, m.algorithm = url, posthorn.SignatureAlgorithm(scheme.Algorithm)
				return true
			}
		}
		return false
	}
	for _, one := range all {
		if one.isExpressible && try(signature.Scheme{Algorithm: signature.HMACSHA256, Key: signature.Encoding(one.encoding), KeyPrefix: one.prefix}, secrets[one.secret]) {
			m.reading = one
			return true
		}
	}
	for i, secret := range secrets {
		if publicKeyOf(secret) == nil {
			continue
		}
		m.reading = reading{secret: i}
		if try(signature.Scheme{Algorithm: signature.Ed25519}, secret) || try(signature.Scheme{Algorithm: signature.ECDSAP256, ECDSA: signature.ECDSARaw}, secret) {
			return true
		}
	}
	return false
}

// only are the headers with this signature alone.
func (m *message) only(r *Request) map[string][]string {
	headers := map[string][]string{}
	for _, header := range r.Headers {
		value := header.Value
		if strings.EqualFold(header.Name, inputHeader) {
			for _, found := range inputPattern.FindAllStringSubmatch(value, maxMessages) {
				if found[1] == m.label {
					value = found[0]
				}
			}
		}
		headers[header.Name] = append(headers[header.Name], value)
	}
	return headers
}

// addMessages makes schemes of message signatures.
func (b *builder) addMessages(messages []message) {
	for i := range messages {
		m := &messages[i]
		scheme := posthorn.SignatureScheme{Algorithm: m.algorithm, Encoding: posthorn.EncodingBase64}
		if m.algorithm.IsAsymmetric() {
			if m.algorithm == posthorn.ECDSAP256 {
				scheme.ECDSA = posthorn.ECDSARaw
			}
		} else {
			scheme.Key, scheme.KeyPrefix = m.reading.encoding, m.reading.prefix
		}
		if len(messages) > 1 {
			scheme.Name = "s" + strconv.Itoa(i+1)
		}
		scheme.Message = b.messageOf(m)
		b.format.Signatures = append(b.format.Signatures, scheme)
		if m.url != "" && b.request.IsSchemeGuessed {
			b.request.URL, b.request.IsSchemeGuessed = m.url, false
		}
	}
	for i, header := range b.request.Headers {
		for _, one := range [][2]string{{inputHeader, "{message.input}"}, {signatureHeader, "{message.signature}"}} {
			if strings.EqualFold(header.Name, one[0]) {
				b.spans[i] = []span{{0, len(header.Value), one[1]}}
			}
		}
	}
	if len(messagesOf(b.request)) > len(messages) {
		b.note("Some of the message signatures are explained by none of the secrets: they are left out.")
	}
}

func (b *builder) messageOf(m *message) posthorn.MessageSignature {
	said := posthorn.MessageSignature{Label: strings.NewReplacer("-", "_", "*", "_").Replace(m.label), Components: m.components, Tag: m.parameter("tag")}
	if said.Label != m.label {
		b.differ("The label %q is written %q.", m.label, said.Label)
	}
	if created, isMoment := readMoment(m.parameter("created")); isMoment {
		b.signed, b.signedAt, b.isSigned = m.parameter("created"), created, true
		b.format.Tolerance = usualTolerance
		if expires, isThere := readMoment(m.parameter("expires")); isThere {
			said.Expires = expires.at.Sub(created.at)
		}
	}
	said.KeyID, _ = b.template(m.parameter("keyid"), true)
	if _, err := posthorn.ParseID[posthorn.SigningKeyID](said.KeyID); err == nil && m.algorithm.IsAsymmetric() {
		said.KeyID = "{key.id}"
	}
	for _, parameter := range m.parameters {
		name := parameter[0]
		if !slices.Contains([]string{"created", "expires", "keyid", "alg", "tag"}, name) {
			b.differ("The parameter %s of the signature is left out: formats don't have it.", name)
			continue
		}
		said.Parameters = append(said.Parameters, name)
	}
	return said
}
