package posthorn

import (
	"fmt"
	"strconv"
	"strings"
)

// Header is one field of an HTTP request.
type Header struct {
	Name  string
	Value string
}

// Limits of headers, in bytes but for the count.
const (
	MaxHeaders     = 32
	MaxHeaderName  = 128
	MaxHeaderValue = 4096
)

func validateHeaders(headers []Header) *Error {
	const pointer = "/headers"
	if len(headers) > MaxHeaders {
		return Invalid(pointer, fmt.Sprintf("%d headers are more than the %d allowed.", len(headers), MaxHeaders), "Keep fewer headers.")
	}
	for _, header := range headers {
		place := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(header.Name)
		if err := ValidateHeaderName(place, header.Name); err != nil {
			return err
		}
		if err := ValidateHeaderValue(place, header.Value); err != nil {
			return err
		}
		if strings.HasPrefix(strings.ToLower(header.Name), "webhook-") {
			return Invalid(place, "Headers that begin with webhook- belong to the signature.", "Choose another name.")
		}
	}
	return nil
}

// ValidateHeaderName checks a header that a user adds: a token (RFC 9110,
// section 5.6.2) that is not one of those the HTTP client itself must set.
func ValidateHeaderName(pointer, name string) *Error {
	if name == "" || len(name) > MaxHeaderName || strings.ContainsFunc(name, notTokenRune) {
		return Invalid(pointer, fmt.Sprintf("%q is not a header name.", clip(name)), "Use letters, digits and '-'.")
	}
	if isSetByClient(name) {
		return Invalid(pointer, fmt.Sprintf("The header %s is set by the HTTP client itself.", name), "Leave it out.")
	}
	return nil
}

func isSetByClient(name string) bool {
	for _, own := range [...]string{
		"host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection",
		"proxy-authenticate", "proxy-authorization", "te", "trailer", "upgrade", "expect", "accept-encoding",
	} {
		if len(name) == len(own) && strings.EqualFold(name, own) {
			return true
		}
	}
	return false
}

// ValidateHeaderValue checks a header's value: visible ASCII, spaces and tabs.
func ValidateHeaderValue(pointer, value string) *Error {
	if len(value) > MaxHeaderValue {
		return Invalid(pointer, "The header's value is longer than "+strconv.Itoa(MaxHeaderValue)+" bytes.", "Shorten it.")
	}
	for _, c := range []byte(value) {
		if c != '\t' && (c < ' ' || c > '~') {
			return Invalid(pointer, "The header's value has control or non-ASCII characters.", "Use printable ASCII on one line.")
		}
	}
	return nil
}

func notTokenRune(r rune) bool {
	return !isWordRune(r) && !strings.ContainsRune("!#$%&'*+-.^`|~", r)
}
