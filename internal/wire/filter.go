package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
)

// filter changes a value on its way into the text.
type filter uint8

// The filters. The last two are ours: they escape what goes into a JSON string
// and into a form.
const (
	base64Filter filter = iota
	hexFilter
	lowerFilter
	upperFilter
	jsonFilter
	formFilter
)

func filterNamed(name string) (filter, bool) {
	switch name {
	case "base64":
		return base64Filter, true
	case "hex":
		return hexFilter, true
	case "lower":
		return lowerFilter, true
	case "upper":
		return upperFilter, true
	default:
		return 0, false
	}
}

// apply filters what stands in dst from start on.
func (f filter) apply(dst []byte, start int) []byte {
	if f == jsonFilter && isCleanJSON(dst[start:]) {
		return dst
	}
	raw := bytes.Clone(dst[start:])
	dst = dst[:start]
	switch f {
	case base64Filter:
		return base64.StdEncoding.AppendEncode(dst, raw)
	case hexFilter:
		return hex.AppendEncode(dst, raw)
	case lowerFilter:
		return append(dst, bytes.ToLower(raw)...)
	case upperFilter:
		return append(dst, bytes.ToUpper(raw)...)
	case formFilter:
		return append(dst, url.QueryEscape(string(raw))...)
	default:
		return appendJSONText(dst, raw)
	}
}
