package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/posthorn/posthorn"
)

// MaxFormatText is the longest text of a format, in bytes.
const MaxFormatText = 64 << 10

// document is a format as it is written in YAML.
type document struct {
	Name        string            `yaml:"name"`
	Description string            `yaml:"description"`
	Body        *bodyDocument     `yaml:"body"`
	ContentType string            `yaml:"contentType"`
	Headers     headersDocument   `yaml:"headers"`
	Signature   signatureDocument `yaml:"signature"`
	Success     []string          `yaml:"success"`
	Retries     *int              `yaml:"retries"`
	Verify      verifyDocument    `yaml:"verify"`
}

type signatureDocument struct {
	Algorithm string `yaml:"algorithm"`
	Content   string `yaml:"content"`
	Encoding  string `yaml:"encoding"`
	Key       string `yaml:"key"`
	KeyPrefix string `yaml:"keyPrefix"`
	Several   string `yaml:"several"`
}

type verifyDocument struct {
	Tolerance string `yaml:"tolerance"`
}

// ParseFormat reads a format from YAML. It looks at the syntax only: Compile
// decides whether the format makes sense. It returns an *posthorn.Error with
// CodeMalformed, or with CodeTooLarge over MaxFormatText.
func ParseFormat(text []byte) (posthorn.Format, error) {
	if len(text) > MaxFormatText {
		return posthorn.Format{}, &posthorn.Error{Code: posthorn.CodeTooLarge, Message: fmt.Sprintf("The format is %d bytes long; the limit is %d.", len(text), MaxFormatText), Hint: "Shorten it."}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var d document
	if err := decoder.Decode(&d); err != nil {
		return posthorn.Format{}, malformedYAML(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return posthorn.Format{}, malformed("", "The text goes on after the format.", "Write one format per file.")
	}
	return d.format()
}

func (d document) format() (posthorn.Format, error) {
	if d.Body == nil {
		return posthorn.Format{}, malformed("/body", "The format says nothing of the body.", "List its members, or write body: {raw: event.data}.")
	}
	format := posthorn.Format{
		Name: d.Name, Description: d.Description,
		Body: d.Body.fields, ContentType: d.ContentType, Headers: d.Headers.headers,
		Signature: posthorn.SignatureScheme{
			Algorithm: posthorn.SignatureAlgorithm(d.Signature.Algorithm),
			Content:   d.Signature.Content,
			Encoding:  posthorn.Encoding(d.Signature.Encoding),
			Key:       posthorn.Encoding(d.Signature.Key),
			KeyPrefix: d.Signature.KeyPrefix,
			Several:   d.Signature.Several,
		},
		Success: d.Success, Retries: d.Retries,
	}
	if d.Verify.Tolerance == "" {
		return format, nil
	}
	tolerance, err := time.ParseDuration(d.Verify.Tolerance)
	if err != nil {
		return posthorn.Format{}, malformed("/verify/tolerance", fmt.Sprintf("%q is not a length of time.", clip(d.Verify.Tolerance)), "For example: 5m")
	}
	format.Tolerance = tolerance
	return format, nil
}

func malformed(pointer, message, hint string) *posthorn.Error {
	return &posthorn.Error{Code: posthorn.CodeMalformed, Pointer: pointer, Message: message, Hint: hint}
}

// malformedYAML tells in our words what the reader of YAML found, with its line
// numbers.
func malformedYAML(err error) error {
	var own *posthorn.Error
	if errors.As(err, &own) {
		return own
	}
	const hint = "The documentation of formats shows the syntax."
	if errors.Is(err, io.EOF) {
		return malformed("", "The format is empty.", hint)
	}
	lines := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	var wrongTypes *yaml.TypeError
	if errors.As(err, &wrongTypes) {
		lines = wrongTypes.Errors
	}
	for i, line := range lines {
		lines[i] = clip(inOurWords(line))
	}
	return malformed("", "The format can't be read: "+strings.Join(lines[:min(len(lines), 5)], "; ")+".", hint)
}

// inOurWords takes the names of Go types out of a message.
func inOurWords(line string) string {
	line, _, _ = strings.Cut(line, " in type wire.")
	place, kind, isKind := strings.Cut(line, "cannot unmarshal !!")
	if !isKind {
		return line
	}
	kind, _, _ = strings.Cut(kind, " into ")
	return place + "a value of the kind " + kind + " doesn't belong here"
}

// clip shortens what a user gave for use in a message.
func clip(text string) string {
	const shown = 100
	if len(text) <= shown {
		return text
	}
	return strings.ToValidUTF8(text[:shown], "") + "…"
}
