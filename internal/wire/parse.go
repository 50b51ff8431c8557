package wire

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// MaxFormatText is the longest text of a format, in bytes.
const MaxFormatText = 64 << 10

// ParseFormat reads a format from YAML or JSON. It looks at the syntax only:
// Compile decides whether the format makes sense. It returns an *posthorn.Error
// with CodeMalformed that names every mistake with its place, those that Compile
// would find in the rest too, or with CodeTooLarge over MaxFormatText.
func ParseFormat(text []byte) (posthorn.Format, error) {
	if len(text) > MaxFormatText {
		return posthorn.Format{}, &posthorn.Error{Code: posthorn.CodeTooLarge, Message: fmt.Sprintf("The format is %d bytes long; the limit is %d.", len(text), MaxFormatText), Hint: "Shorten it."}
	}
	root, err := readDocument(text)
	if err != nil {
		return posthorn.Format{}, err
	}
	var problems posthorn.Problems
	format := readFormat(fieldsOf(root, &problems))
	if err := problems.Err(); err != nil {
		return posthorn.Format{}, withMistakesOf(format, err)
	}
	return format, nil
}

// withMistakesOf adds to what can't be read what is wrong with the rest, so that
// nobody mends one mistake only to meet the next.
func withMistakesOf(format posthorn.Format, err error) error {
	if format.Name == "" {
		format.Name = "unnamed" // whoever reads the format may name it
	}
	_, further := Compile(format)
	var unread, unfit *posthorn.Error
	if !errors.As(err, &unread) || !errors.As(further, &unfit) {
		return err
	}
	places := append([]*posthorn.Error{unread}, unread.Others...)
	isRead := func(one *posthorn.Error) bool {
		return !slices.ContainsFunc(places, func(place *posthorn.Error) bool {
			return one.Pointer == place.Pointer || strings.HasPrefix(one.Pointer, place.Pointer+"/")
		})
	}
	all := *unread
	all.Others = slices.Clone(unread.Others)
	for _, one := range append([]*posthorn.Error{unfit}, unfit.Others...) {
		if isRead(one) {
			alone := *one
			alone.Others = nil
			all.Others = append(all.Others, &alone)
		}
	}
	return &all
}

func readFormat(f *fields) posthorn.Format {
	format := posthorn.Format{Name: f.text("name"), Description: f.text("description")}
	readBody(f, &format)
	format.ContentType = f.text("contentType")
	for _, entry := range f.list("headers") {
		format.Headers = append(format.Headers, readHeader(f, entry))
	}
	format.Signatures = readSignatures(f)
	format.Success = f.texts("success")
	format.Retries = f.number("retries")
	if verify := f.child("verify"); verify != nil {
		inner := fieldsOf(verify, f.problems)
		format.Tolerance = inner.duration("tolerance")
		inner.finish()
	}
	for _, shown := range []string{"builtIn", "version", "appliesSince", "createdBy", "createdAt", "updatedAt", "warnings"} {
		f.child(shown) // the API shows it beside the format, and what it shows may be sent back
	}
	f.finish()
	return format
}

func readBody(f *fields, format *posthorn.Format) {
	body := f.child("body")
	if body == nil {
		f.problems.Add(malformed("/body", "The format says nothing of the body.", "List its members, or write body: {raw: event.data}."))
		return
	}
	if body.kind == listKind {
		format.Body = readMembers(f, body)
		return
	}
	only, _ := body.only()
	switch {
	case only.name == "raw":
		if f.textOf(only.value) != eventData {
			f.problems.Add(only.value.wrong("the body may be raw: "+eventData+" only", "Write body: {raw: event.data}."))
		}
	case only.name == "form" && only.value.kind == listKind:
		format.IsForm, format.Body = true, readMembers(f, only.value)
	default:
		f.problems.Add(body.wrong("the body is a list of members, {raw: event.data}, or {form: [...]}", "The documentation of formats shows examples."))
	}
}

// readHeader reads "Name: template", or {name, value}.
func readHeader(f *fields, entry *node) posthorn.Header {
	if only, isShort := entry.only(); isShort {
		return posthorn.Header{Name: only.name, Value: f.textOf(only.value)}
	}
	if entry.child("name") == nil {
		f.problems.Add(entry.wrong("each header must be one \"Name: value\"", "Begin each with \"- \"."))
		return posthorn.Header{}
	}
	long := fieldsOf(entry, f.problems)
	header := posthorn.Header{Name: long.text("name"), Value: long.text("value")}
	long.finish()
	return header
}
