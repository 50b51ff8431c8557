package detect

import (
	"strconv"
	"strings"
	"time"
)

// form is how a moment is written.
type form uint8

const (
	noForm form = iota
	secondsForm
	millisecondsForm
	textForm // RFC 3339
)

// moment is a time that a request names.
type moment struct {
	at   time.Time
	form form
	// isExact: it is written as formats write it.
	isExact bool
}

// Bounds of what is taken for a moment: 2001 to 2096.
const (
	firstSecond = 1_000_000_000
	lastSecond  = 4_000_000_000
	perSecond   = 1000
)

// readMoment reads a moment in seconds, milliseconds or RFC 3339.
func readMoment(text string) (moment, bool) {
	const shortest = len("1000000000")
	if len(text) < shortest {
		return moment{}, false
	}
	if strings.Trim(text, "0123456789") == "" {
		number, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil:
		case number >= firstSecond && number < lastSecond:
			return moment{time.Unix(number, 0).UTC(), secondsForm, true}, true
		case number >= firstSecond*perSecond && number < lastSecond*perSecond:
			return moment{time.UnixMilli(number).UTC(), millisecondsForm, true}, true
		}
		return moment{}, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil {
			return moment{at.UTC(), textForm, at.UTC().Format("2006-01-02T15:04:05Z") == text}, true
		}
	}
	return moment{}, false
}
