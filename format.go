package posthorn

import (
	"slices"
	"strconv"
	"time"
)

// DefaultFormat is the format of environments and webhooks that name none.
const DefaultFormat = "standard"

// Format is a dialect as data: how the body and the headers of a request look,
// how it is signed, what counts as success. Package wire interprets it; nothing
// knows any format by its name.
type Format struct {
	Name        string
	Description string
	// Body are the members of the JSON object that is sent, or the fields of the
	// form, in order. When it is empty the publisher's data is the whole body.
	Body []BodyField
	// IsForm sends the body as application/x-www-form-urlencoded (WHATWG URL,
	// section 5.2) instead of JSON.
	IsForm      bool
	ContentType string
	// Headers are sent beside Content-Type; values are templates.
	Headers []Header
	// Signatures are the schemes that sign, side by side. {signature} is that of
	// the first; a single one of NotSigned means that nothing is signed.
	Signatures []SignatureScheme
	// Success are the codes ("200") and classes ("2xx") that mean the receiver
	// took it; empty means "2xx".
	Success []string
	// Retries is the default for webhooks and event types that say nothing; nil
	// leaves it to the environment.
	Retries *int
	// Tolerance is how far from now a receiver should accept the timestamp.
	Tolerance time.Duration
}

// BodyField is a value of the JSON that is sent: a member of an object, which
// has a name, or an item of a list, which has none. At most one of Raw, Number,
// Constant, Members and Items is set; if none is, it is the text of Template.
type BodyField struct {
	Name string
	// Template is the text of a JSON string, with {placeholders}.
	Template string
	// Raw names a value that is spliced in byte for byte: "event.data".
	Raw string
	// Number is a placeholder whose value is a number and is written as one.
	Number string
	// Constant is a JSON number, true, false or null, as it is written.
	Constant string
	// Members make it an object.
	Members []BodyField
	// Items make it a list.
	Items []BodyField
}

// Accepts reports whether a response's status means that the receiver took it.
func (f Format) Accepts(statusCode int) bool {
	class := strconv.Itoa(statusCode/100) + "xx"
	if len(f.Success) == 0 {
		return class == "2xx"
	}
	return slices.Contains(f.Success, class) || slices.Contains(f.Success, strconv.Itoa(statusCode))
}

// Clone returns a copy that shares nothing with the format.
func (f Format) Clone() Format {
	f.Body = cloneFields(f.Body)
	f.Headers = slices.Clone(f.Headers)
	f.Signatures = slices.Clone(f.Signatures)
	for i := range f.Signatures {
		f.Signatures[i].Claims = cloneFields(f.Signatures[i].Claims)
		f.Signatures[i].Message.Components = slices.Clone(f.Signatures[i].Message.Components)
		f.Signatures[i].Message.Parameters = slices.Clone(f.Signatures[i].Message.Parameters)
	}
	f.Success = slices.Clone(f.Success)
	if f.Retries != nil {
		retries := *f.Retries
		f.Retries = &retries
	}
	return f
}

func cloneFields(fields []BodyField) []BodyField {
	fields = slices.Clone(fields)
	for i := range fields {
		fields[i].Members, fields[i].Items = cloneFields(fields[i].Members), cloneFields(fields[i].Items)
	}
	return fields
}
