package detect

import (
	"errors"
	"fmt"
	"strings"
)

// errTooCostly: the budget doesn't allow what was to be tried.
var errTooCostly = errors.New("it is too costly to be tried")

// stopped says that not all was tried, and what to leave out to get further.
func stopped(r *Request, secrets int, isFormatNamed bool) string {
	const long, many, several = 4 << 10, 30, 4
	var advice []string
	if secrets > 1 {
		advice = append(advice, fmt.Sprintf("give one secret, not %d", secrets))
	}
	if !isFormatNamed {
		advice = append(advice, "name the format")
	}
	if len(r.Body) > long {
		advice = append(advice, fmt.Sprintf("capture a shorter request of the same sender: the body of this one has %d bytes", len(r.Body)))
	}
	for _, header := range r.Headers {
		if count := len(fieldsOf(header.Value)); count > several && !isPlumbing(header.Name) {
			advice = append(advice, fmt.Sprintf("leave all but one signature out of the header %s, which has %d entries", header.Name, count))
			break
		}
	}
	if len(r.Headers) > many {
		advice = append(advice, fmt.Sprintf("leave out headers that don't belong to the signature: there are %d", len(r.Headers)))
	}
	if len(advice) == 0 {
		advice = append(advice, "leave out headers that don't belong to the signature")
	}
	return "Not all was tried: the search was stopped at its limit of work. To get further, " + strings.Join(advice, "; ") + "."
}

// stop tells that the search was stopped before anything was found.
func (i *inquiry) stop() Diagnosis {
	return i.invalid(CauseStopped, "", "Nothing that was tried explains the request, and the search was stopped at its limit of work: it may be valid.")
}

// sayWhatIsLeft adds that not all was tried, and that no format fits, where that is so.
func (i *inquiry) sayWhatIsLeft(d *Diagnosis) {
	if d.IsValid {
		return
	}
	if i.isNearest && isGuess(d.Cause) {
		d.Nearest, d.Format = d.Format, ""
		if d.Cause != CauseUnknownFormat {
			d.Detail = fmt.Sprintf("None of the %d formats that were tried fits; the nearest is %s. %s", len(i.known), d.Nearest, d.Detail)
		}
	}
	said := []string{d.Hint}
	if i.IsPartial {
		said = append(said, fmt.Sprintf("There are more formats than the %d that were tried: name the one that it should be.", len(i.known)))
	}
	if i.budget.isShort {
		said = append(said, stopped(&i.Request, len(i.Secrets), i.Format != ""))
	}
	d.IsStopped = len(said) > 1
	d.Hint = strings.TrimSpace(strings.Join(said, " "))
}

// isGuess reports whether a cause was found without a signature that fits, so that
// the format is only likely.
func isGuess(cause Cause) bool {
	switch cause {
	case CauseMissingHeader, CauseDoubledHeader, CauseMalformedHeader, CauseLength, CauseSecret, CauseUnknownFormat, CauseStopped:
		return true
	default:
		return false
	}
}
