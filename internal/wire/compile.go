package wire

import (
	"slices"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// Dialect is a format that was checked and made ready to render. It never
// changes and is safe for concurrent use.
type Dialect struct {
	format  posthorn.Format
	body    template
	headers []compiledHeader
	content template
	several template

	algorithm signature.Algorithm
	encoding  signature.Encoding
	key       signature.Encoding
	// needsSecret: without a valid secret nothing may be sent.
	needsSecret bool
	// literalBytes is the length of the body's literals, to make room at once.
	literalBytes int
}

// compiledHeader is a header with its template; signed, if {signature} stands in
// it.
type compiledHeader struct {
	name   string
	value  template
	signed bool
}

// Compile checks everything about a format and makes it ready to render. It
// returns an *posthorn.Error with CodeInvalid that names every mistake, with
// pointers as in the format's JSON.
func Compile(format posthorn.Format) (*Dialect, error) {
	d := &Dialect{format: complete(format)}
	var problems posthorn.Problems
	checkFormat(&problems, d.format)
	d.compileBody(&problems)
	d.compileSignature(&problems)
	d.compileHeaders(&problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

// Format returns the format, with what it left out filled in. It is shared: do
// not change what it points to.
func (d *Dialect) Format() posthorn.Format { return d.format }

// ReadsStandardKeys reports whether receivers of this dialect take the secret in
// the notation of Standard Webhooks ("whsec_" and base64).
func (d *Dialect) ReadsStandardKeys() bool {
	return d.format.Signature.KeyPrefix == posthorn.StandardSecretPrefix && d.key == signature.Base64
}

// complete copies the format and fills in what it left out.
func complete(format posthorn.Format) posthorn.Format {
	format.Body = slices.Clone(format.Body)
	format.Headers = slices.Clone(format.Headers)
	format.Success = slices.Clone(format.Success)
	if format.ContentType == "" {
		format.ContentType = "application/json"
	}
	if len(format.Success) == 0 {
		format.Success = []string{"2xx"}
	}
	if format.Signature.Algorithm == posthorn.NotSigned {
		return format
	}
	if format.Signature.Encoding == "" {
		format.Signature.Encoding = posthorn.EncodingHex
	}
	if format.Signature.Key == "" {
		format.Signature.Key = posthorn.EncodingText
	}
	return format
}

// compileBody makes one template of the whole JSON object, in which every value
// but the raw ones is escaped.
func (d *Dialect) compileBody(problems *posthorn.Problems) {
	if len(d.format.Body) == 0 {
		d.body = template{{value: eventDataValue}}
		return
	}
	var body template
	for i, field := range d.format.Body {
		opening := ","
		if i == 0 {
			opening = "{"
		}
		body = body.withLiteral(opening + `"` + string(appendJSONText(nil, field.Name)) + `":`)
		if field.Raw != "" {
			body = append(body, part{value: eventDataValue})
			continue
		}
		text, err := parseTemplate(pointerTo("/body", i), field.Template, inBody)
		problems.Add(err)
		body = body.withLiteral(`"`)
		for _, p := range text {
			if p.value == literalValue {
				body = body.withLiteral(string(appendJSONText(nil, p.literal)))
				continue
			}
			p.filters = append(p.filters, jsonFilter)
			body = append(body, p)
		}
		body = body.withLiteral(`"`)
	}
	d.body = body.withLiteral("}")
	for _, p := range d.body {
		d.literalBytes += len(p.literal)
	}
}

func (d *Dialect) compileHeaders(problems *posthorn.Problems) {
	signed := false
	for i, header := range d.format.Headers {
		value, err := parseTemplate(pointerTo("/headers", i), header.Value, inHeader)
		problems.Add(err)
		compiled := compiledHeader{name: header.Name, value: value, signed: value.uses(signatureValue)}
		d.headers = append(d.headers, compiled)
		d.needsSecret = d.needsSecret || value.uses(secretValue)
		signed = signed || compiled.signed
	}
	switch isSigned := d.format.Signature.Algorithm != posthorn.NotSigned; {
	case isSigned && !signed:
		problems.Add(posthorn.Invalid("/headers", "No header holds {signature}.", "Add one, or say algorithm: none."))
	case !isSigned && signed:
		problems.Add(posthorn.Invalid("/headers", "A header holds {signature}, and the algorithm is none.", "Name an algorithm, or leave the header out."))
	}
}
