package store

import "github.com/posthorn/posthorn"

// LostAttempt is what is kept of a leased delivery whose node has died: it may have
// been sent at any moment since it was leased, and nobody knows what came of it.
func LostAttempt(d posthorn.Delivery, url string, random posthorn.Randomness) posthorn.Attempt {
	return posthorn.Attempt{
		ID:         posthorn.NewID[posthorn.AttemptID](d.UpdatedAt, random),
		DeliveryID: d.ID,
		Number:     d.Attempts + 1,
		StartedAt:  d.UpdatedAt,
		URL:        url,
		Outcome: posthorn.Outcome{
			Reason: posthorn.ReasonOutcomeUnknown,
			Detail: "The server ended while it held this delivery, so nobody knows whether the request was sent and arrived; it is sent again and this attempt doesn't count.",
		},
	}
}
