package intake

import (
	"bytes"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store"
)

// prepare checks the items and makes the events of those that are good, and returns
// how many those are. There is a result for each item.
func (i *Intake) prepare(p Publication) ([]Result, int) {
	results, good := make([]Result, len(p.Items)), 0
	now := i.Now()
	for n, item := range p.Items {
		if results[n].Err = validate(item); results[n].Err != nil {
			continue
		}
		good++
		event := &results[n].Event
		*event = posthorn.Event{
			ID:            posthorn.NewID[posthorn.EventID](now, i.Random),
			EnvironmentID: p.EnvironmentID,
			GivenID:       item.ID,
			Type:          item.Type,
			Data:          item.Data,
			Timestamp:     item.Timestamp,
			AcceptedAt:    now,
		}
		if event.Timestamp.IsZero() {
			event.Timestamp = now
		}
	}
	return results, good
}

func validate(item Item) error {
	var problems posthorn.Problems
	problems.Add(posthorn.ValidateEventTypeName("/type", item.Type))
	if item.ID != "" {
		problems.Add(posthorn.ValidateGivenID(item.ID))
	}
	if len(item.Data) == 0 {
		problems.Add(posthorn.Invalid("/data", "The event has no data.", "Give any JSON value; {} will do."))
	}
	return problems.Err()
}

// settle puts what the store kept into the results of the items that reached it: those
// without an error, in the same order.
func settle(directory *snapshot.Environment, results []Result, kept []store.Result) {
	next := 0
	for n := range results {
		if results[n].Err == nil {
			results[n].settle(directory, &kept[next])
			next++
		}
	}
}

func (r *Result) settle(directory *snapshot.Environment, kept *store.Result) {
	switch {
	case kept.Kept && kept.Event.Deliveries > 0:
		r.Unmatched, r.FilterFailed = 0, 0
	case kept.Kept:
		r.Disabled = directory.CountDisabled(r.Event.Type)
	case kept.Event.Type != r.Event.Type || !bytes.Equal(kept.Event.Data, r.Event.Data):
		*r = Result{Err: &posthorn.Error{
			Code:    posthorn.CodeConflict,
			Pointer: "/id",
			Message: "An event with this id was accepted before, with another type or other data.",
			Hint:    "Give each event an id of its own; repeat an id only to send the very same event again.",
		}}
		return
	default:
		*r = Result{Duplicate: true, Warnings: r.Warnings}
	}
	r.Event = kept.Event
}
