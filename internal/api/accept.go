package api

import (
	"errors"
	"mime"
	"strconv"
	"strings"
)

// checkAccept refuses a request that accepts neither JSON nor problem details
// (RFC 9110, 12.5.1). Routes that need no key are for browsers and probes, and are
// answered whatever they accept.
func (c *call) checkAccept() error {
	given := c.request.Header["Accept"]
	if len(given) == 0 || len(given) == 1 && (given[0] == "*/*" || given[0] == jsonType || strings.TrimSpace(given[0]) == "") {
		return nil
	}
	all := strings.Join(given, ",")
	if accepts(all, jsonType) || accepts(all, problemType) {
		return nil
	}
	return notAcceptable(all)
}

// accepts reports whether the most specific range for a media type has a weight
// above zero. Parameters other than the weight are not looked at.
func accepts(ranges, mediaType string) bool {
	const whole, ofMain, any = 3, 2, 1
	main, _, _ := strings.Cut(mediaType, "/")
	best, isWanted := 0, false
	for text := range strings.SplitSeq(ranges, ",") {
		name, parameters, err := mime.ParseMediaType(text)
		if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
			continue
		}
		specific := 0
		switch name {
		case mediaType:
			specific = whole
		case main + "/*":
			specific = ofMain
		case "*/*":
			specific = any
		}
		if specific > best {
			best, isWanted = specific, weightOf(parameters) > 0
		}
	}
	return isWanted
}

// weightOf is a range's q, 1 when it has none or none that can be read.
func weightOf(parameters map[string]string) float64 {
	q, isGiven := parameters["q"]
	if !isGiven {
		return 1
	}
	weight, err := strconv.ParseFloat(q, 64)
	if err != nil {
		return 1
	}
	return weight
}
