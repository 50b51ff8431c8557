package wire

import (
	"slices"
	"sync"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// compiledScheme is a signature scheme that is ready to sign.
type compiledScheme struct {
	scheme  posthorn.SignatureScheme
	hash    signature.Algorithm
	content template
	several template
	claims  template
	message *compiledMessage
	// keyed are hashes (*keyedHash) that have signed.
	keyed *sync.Pool
	// signsAll: every valid secret or key signs, not the newest alone.
	signsAll bool
}

// schemePointer is where a scheme stands in the document.
func (c *compiler) schemePointer(index int) string {
	if isSingle(c.format.Signatures) {
		return "/signature"
	}
	return pointerTo("/signatures", index)
}

func (c *compiler) compileSignatures() {
	c.checkSchemes()
	for i, scheme := range c.format.Signatures {
		pointer := c.schemePointer(i)
		c.checkScheme(pointer, scheme)
		compiled := compiledScheme{scheme: scheme, hash: hashAlgorithm(scheme.Algorithm), keyed: new(sync.Pool)}
		if scheme.Content != "" {
			compiled.content = c.template(pointer+"/content", scheme.Content, inContent)
		}
		if scheme.Several != "" {
			compiled.several = c.compileSeveral(pointer+"/several", i, scheme)
		}
		if len(scheme.Claims) > 0 {
			compiled.claims = c.appendMembers(nil, pointer+"/claims", scheme.Claims, inContent)
		}
		if len(scheme.Message.Components) > 0 {
			compiled.message = c.compileMessage(pointer+"/message", scheme)
		}
		compiled.signsAll = scheme.Several != "" || scheme.SeveralLines || compiled.message != nil
		c.schemes = append(c.schemes, compiled)
		c.needsSecret = c.needsSecret || scheme.Algorithm != posthorn.NotSigned && !scheme.Algorithm.IsAsymmetric()
	}
}

func (c *compiler) template(pointer, text string, where place) template {
	parsed, err := c.parseTemplate(pointer, text, where)
	c.problems.Add(err)
	return parsed
}

// compileSeveral reads the template of a further signature; in it {signature} is
// that of its own scheme.
func (c *compiler) compileSeveral(pointer string, index int, scheme posthorn.SignatureScheme) template {
	parsed := c.template(pointer, scheme.Several, inHeader)
	needed := signatureValue
	if scheme.Algorithm == posthorn.NotSigned {
		needed = secretValue
	}
	for i := range parsed {
		if parsed[i].value == signatureValue || parsed[i].value == keyIDValue {
			parsed[i].scheme = index
		}
	}
	switch {
	case parsed.uses(needed) || parsed == nil:
	case needed == secretValue:
		c.problems.Add(posthorn.Invalid(pointer, "A further secret needs {secret}.", "For example: \",{secret}\""))
	default:
		c.problems.Add(posthorn.Invalid(pointer, "A further signature needs {signature}.", "For example: \",v1={signature}\""))
	}
	return parsed
}

// compiledHeader is a header with its template.
type compiledHeader struct {
	name  string
	value template
	// lines is the scheme whose further signatures get a line each, or -1.
	lines int
	// schemes are those whose signatures stand in the template, and appended those
	// that are appended to it.
	schemes, appended []int
	// message: it holds what message signatures came to.
	message bool
}

func (c *compiler) compileHeaders() {
	used := make([]bool, len(c.schemes))
	for i, header := range c.format.Headers {
		compiled := c.compileHeader(pointerTo("/headers", i), header)
		for _, index := range append(slices.Clone(compiled.schemes), compiled.appended...) {
			used[index] = true
		}
		c.headers = append(c.headers, compiled)
	}
	c.checkHeadersOfSchemes(used)
}

func (c *compiler) compileHeader(pointer string, header posthorn.Header) compiledHeader {
	compiled := compiledHeader{name: header.Name, value: c.template(pointer, header.Value, inHeader), lines: -1}
	compiled.message = compiled.value.uses(messageInputValue) || compiled.value.uses(messageSignatureValue)
	c.needsSecret = c.needsSecret || compiled.value.uses(secretValue)
	for i, scheme := range c.schemes {
		stands := slices.ContainsFunc(compiled.value, func(p part) bool {
			isOwn := p.value == signatureValue || p.value == keyIDValue && scheme.scheme.Algorithm.IsAsymmetric()
			return isOwn && p.scheme == i
		})
		if scheme.scheme.Algorithm == posthorn.NotSigned {
			stands = compiled.value.uses(secretValue)
		}
		if stands {
			compiled.schemes = append(compiled.schemes, i)
		}
		if stands && scheme.scheme.SeveralLines {
			compiled.lines = i
		}
		if isSameHeader(scheme.scheme.AppendTo, header.Name) {
			compiled.appended = append(compiled.appended, i)
		}
	}
	return compiled
}
