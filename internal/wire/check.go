package wire

import (
	"fmt"
	"mime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/posthorn/posthorn"
)

// Limits of a format.
const (
	maxName       = 64
	maxBodyFields = 64
	maxBodyDepth  = 8
	maxFieldName  = 128
	maxSuccess    = 32
	maxTolerance  = 24 * time.Hour
)

// checkFormat finds the mistakes that need no template.
func (c *compiler) checkFormat() {
	problems, format := &c.problems, c.format
	problems.Add(checkName(format.Name))
	problems.Add(checkDescription(format.Description))
	count := 0
	if format.IsForm {
		c.checkForm()
	} else {
		c.checkFieldsAs("/body", format.Body, true)
	}
	countFields(format.Body, &count)
	for _, scheme := range format.Signatures {
		countFields(scheme.Claims, &count)
	}
	if count > maxBodyFields {
		problems.Add(posthorn.Invalid("/body", fmt.Sprintf("%d members are more than the %d allowed.", count, maxBodyFields), "Keep fewer members."))
	}
	problems.Add(checkContentType(format.ContentType))
	checkHeaders(problems, format.Headers)
	problems.Add(checkSuccess(format.Success))
	if format.Retries != nil && (*format.Retries < 0 || *format.Retries > posthorn.MaxRetries) {
		problems.Add(posthorn.Invalid("/retries", fmt.Sprintf("%d retries is outside 0 to %d.", *format.Retries, posthorn.MaxRetries), "Leave it out to use the environment's default."))
	}
	if format.Tolerance < 0 || format.Tolerance > maxTolerance {
		problems.Add(posthorn.Invalid("/verify/tolerance", fmt.Sprintf("The tolerance is outside 0 to %s.", maxTolerance), "For example: 5m"))
	}
}

func checkName(name string) *posthorn.Error {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	if name == "" || len(name) > maxName || strings.Trim(name, letters+"0123456789-") != "" || !strings.Contains(letters, name[:1]) {
		return posthorn.Invalid("/name", fmt.Sprintf("A format's name must be 1 to %d characters of a-z, 0-9 and '-', beginning with a letter.", maxName), "For example: my-dialect")
	}
	return nil
}

func checkDescription(text string) *posthorn.Error {
	isControl := func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }
	if len(text) > posthorn.MaxDescription || !utf8.ValidString(text) || strings.ContainsFunc(text, isControl) {
		return posthorn.Invalid("/description", fmt.Sprintf("The description is longer than %d bytes, or has characters that can't be shown.", posthorn.MaxDescription), "Shorten it.")
	}
	return nil
}

func checkContentType(contentType string) *posthorn.Error {
	const pointer = "/contentType"
	if err := posthorn.ValidateHeaderValue(pointer, contentType); err != nil {
		return err
	}
	if kind, _, err := mime.ParseMediaType(contentType); err != nil || !strings.Contains(kind, "/") {
		return posthorn.Invalid(pointer, fmt.Sprintf("%q is not a media type.", clip(contentType)), "For example: application/json")
	}
	return nil
}

func checkHeaders(problems *posthorn.Problems, headers []posthorn.Header) {
	if len(headers) > posthorn.MaxHeaders {
		problems.Add(posthorn.Invalid("/headers", fmt.Sprintf("%d headers are more than the %d allowed.", len(headers), posthorn.MaxHeaders), "Keep fewer headers."))
		return
	}
	seen := make(map[string]bool, len(headers))
	for i, header := range headers {
		pointer, name := pointerTo("/headers", i), strings.ToLower(header.Name)
		problems.Add(posthorn.ValidateHeaderName(pointer, header.Name))
		problems.Add(posthorn.ValidateHeaderValue(pointer, header.Value))
		if name == "content-type" {
			problems.Add(posthorn.Invalid(pointer, "Content-Type is not among the headers.", "Say it as contentType."))
		}
		if seen[name] {
			problems.Add(posthorn.Invalid(pointer, fmt.Sprintf("The header %s stands twice.", header.Name), "Remove one of them."))
		}
		seen[name] = true
	}
}

func checkSuccess(success []string) *posthorn.Error {
	if len(success) > maxSuccess {
		return posthorn.Invalid("/success", fmt.Sprintf("%d entries are more than the %d allowed.", len(success), maxSuccess), "Use classes such as 2xx.")
	}
	for i, entry := range success {
		if !isStatus(entry) {
			return posthorn.Invalid(pointerTo("/success", i), fmt.Sprintf("%q is neither a status nor a class of them.", clip(entry)), "For example: 200 or 2xx")
		}
	}
	return nil
}

// isStatus accepts 200 to 599 and the classes 2xx to 5xx: a status below 200 is
// never the last answer.
func isStatus(entry string) bool {
	if len(entry) != 3 || entry[0] < '2' || entry[0] > '5' {
		return false
	}
	return entry[1:] == "xx" || strings.Trim(entry, "0123456789") == ""
}

func pointerTo(list string, index int) string { return list + "/" + strconv.Itoa(index) }
