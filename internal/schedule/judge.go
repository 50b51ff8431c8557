package schedule

import (
	"fmt"

	"github.com/posthorn/posthorn"
)

// Judge says by the format whether a response means that the receiver took it.
func Judge(format posthorn.Format, outcome posthorn.Outcome) posthorn.Outcome {
	if outcome.Reason != posthorn.ReasonSuccess || format.Accepts(outcome.StatusCode) {
		return outcome
	}
	outcome.Reason = posthorn.StatusReason(outcome.StatusCode)
	outcome.Detail = sentence(outcome)
	return outcome
}

// sentence says what a status that is no success means for the webhook.
func sentence(outcome posthorn.Outcome) string {
	text := fmt.Sprintf("The receiver answered with status %d", outcome.StatusCode)
	if outcome.Reason == posthorn.ReasonGone {
		text += " (Gone): the webhook is disabled until somebody resumes it"
	}
	if outcome.Reason == posthorn.ReasonRedirect {
		text += ", a redirect, which is never followed: change the webhook's URL to where it leads"
	}
	if outcome.Reason == posthorn.ReasonRateLimited {
		text += " (Too Many Requests)"
	}
	if outcome.RetryAfter > 0 {
		text += fmt.Sprintf(" and asked to wait %v: nothing is sent to the webhook until then", outcome.RetryAfter)
	}
	text += "."
	if outcome.Detail != "" { // what only the sender could see
		text += " " + outcome.Detail
	}
	return text
}
