package api

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/posthorn/posthorn"
)

// maxDepth is how deeply a body may nest arrays and objects.
const maxDepth = 200

// decode reads a JSON value strictly. Errors are *posthorn.Error with
// CodeMalformed.
func decode(text []byte, into any) error {
	if err := checkText(text); err != nil {
		return err
	}
	err := unmarshal(text, into)
	if err == nil {
		return nil
	}
	// What is no JSON at all is called so, even where something else is wrong
	// further ahead.
	var whole jsontext.Value
	if notJSON := unmarshal(text, &whole); notJSON != nil {
		if known := knownMistake(text); known != nil {
			return known
		}
		err = notJSON
	}
	return explain(err, reflect.TypeOf(into).Elem())
}

// knownMistake names what is often sent instead of one JSON value; nil for anything
// else.
func knownMistake(text []byte) error {
	if bytes.HasPrefix(text, []byte("\ufeff")) {
		return malformed("", "The body begins with a byte order mark, which is no part of JSON.", "Send it without its first three bytes (EF BB BF): save or encode it as UTF-8 without a byte order mark.")
	}
	first, rest, _ := bytes.Cut(bytes.TrimSpace(text), []byte{'\n'})
	second, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte{'\n'})
	var value jsontext.Value
	if len(second) == 0 || unmarshal(first, &value) != nil || unmarshal(second, &value) != nil {
		return nil
	}
	return malformed("", "The body has one JSON value a line, and Content-Type says that it is one value.",
		"Publish such lines as a batch with Content-Type: "+linesType+", or send one JSON value; as that a batch is an array.")
}

// decoding refuses unknown members. Duplicate names and escapes of lone
// surrogates are let pass because they may stand in a publisher's data, whose
// bytes are its own business; that the text is UTF-8 is checked before.
var decoding = json.JoinOptions(json.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

func unmarshal(text []byte, into any) error { return json.Unmarshal(text, into, decoding) }

// checkText checks what holds for the whole text, data included.
func checkText(text []byte) error {
	if !utf8.Valid(text) {
		offset := firstInvalid(text)
		return malformed("", fmt.Sprintf("The body is not UTF-8: the byte at offset %d (0x%02x) doesn't belong.", offset, text[offset]), "Encode the body as UTF-8.")
	}
	if offset := tooDeepAt(text); offset >= 0 {
		return malformed("", fmt.Sprintf("The body nests deeper than %d levels at offset %d.", maxDepth, offset), "Flatten it.")
	}
	return nil
}

func firstInvalid(text []byte) int {
	for offset := 0; offset < len(text); {
		r, size := utf8.DecodeRune(text[offset:])
		if r == utf8.RuneError && size == 1 {
			return offset
		}
		offset += size
	}
	return 0
}

// tooDeepAt returns where a text exceeds maxDepth, or -1. It needs no more than
// to tell strings from the rest, and with few brackets not even that.
func tooDeepAt(text []byte) int {
	if bytes.Count(text, []byte{'{'})+bytes.Count(text, []byte{'['}) <= maxDepth {
		return -1
	}
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i)
		case '{', '[':
			if depth++; depth > maxDepth {
				return i
			}
		case '}', ']':
			depth--
		}
	}
	return -1
}

// stringEnd returns where the string ends that begins at a place: its last quote, or the
// text's end. A quote behind an odd number of backslashes belongs to the string.
func stringEnd(text []byte, begin int) int {
	for end := begin + 1; ; end++ {
		length := bytes.IndexByte(text[end:], '"')
		if length < 0 {
			return len(text)
		}
		end += length
		before := text[begin:end]
		if backslashes := len(before) - len(bytes.TrimRight(before, `\`)); backslashes%2 == 0 {
			return end
		}
	}
}

// explain says in a person's words what the decoder didn't like.
func explain(err error, into reflect.Type) error {
	var known *posthorn.Error
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	isSemantic := errors.As(err, &semantic)
	switch {
	case errors.As(err, &known):
		placed := *known
		if isSemantic {
			placed.Pointer = string(semantic.JSONPointer)
		}
		return &placed
	case isSemantic && errors.Is(semantic.Err, json.ErrUnknownName):
		name := semantic.JSONPointer.LastToken()
		return malformed(string(semantic.JSONPointer), fmt.Sprintf("There is no member %q here.", clip(name)), didYouMean(name, memberNames(into)))
	case isSemantic:
		return malformed(string(semantic.JSONPointer), wrongType(semantic), "Look up the type at /docs.")
	case errors.As(err, &syntactic):
		return malformed("", fmt.Sprintf("The body is not JSON: there is a mistake at offset %d.", syntactic.ByteOffset), "Check quotes, commas and brackets near that place.")
	default:
		return malformed("", "The body is not JSON: it ends too early.", "Send one complete JSON value.")
	}
}

func wrongType(e *json.SemanticError) string {
	place := "This value"
	if name := e.JSONPointer.LastToken(); name != "" {
		place = fmt.Sprintf("%q", clip(name))
	}
	wanted := nameOfType(e.GoType)
	given := nameOfKind(e.JSONKind)
	if given == "" || given == wanted {
		return fmt.Sprintf("%s must be %s.", place, wanted)
	}
	return fmt.Sprintf("%s must be %s, not %s.", place, wanted, given)
}

func nameOfType(t reflect.Type) string {
	if t == nil {
		return "of another type"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "an array"
	case reflect.Map, reflect.Struct:
		return "an object"
	default:
		return "of another type"
	}
}

func nameOfKind(kind jsontext.Kind) string {
	switch kind {
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "an array"
	default:
		return ""
	}
}
