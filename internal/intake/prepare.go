package intake

import (
	"bytes"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/filter"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store"
)

// prepare checks the items and makes the events of those that are good. There
// is a result for each item; those without an error stand for the events, in
// the same order.
func (i *Intake) prepare(p Publication) ([]Result, []posthorn.Event) {
	results := make([]Result, len(p.Items))
	events := make([]posthorn.Event, 0, len(p.Items))
	now := i.Now()
	for n, item := range p.Items {
		if err := validate(item); err != nil {
			results[n].Err = err
			continue
		}
		event := posthorn.Event{
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
		events = append(events, event)
	}
	return results, events
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

// settle puts what the store kept into the results of the items that reached it.
func settle(directory *snapshot.Environment, e examined, kept []store.Result) []Result {
	results := make([]Result, len(e.results))
	next := 0
	for n, result := range e.results {
		if result.Err == nil {
			result = judge(directory, e.events[next], e.matches[next], kept[next])
			if result.Err == nil {
				result.Warnings = e.warnings[next]
			}
			next++
		}
		results[n] = result
	}
	return results
}

func judge(directory *snapshot.Environment, event posthorn.Event, matches filter.Matches, kept store.Result) Result {
	if kept.Kept && kept.Event.Deliveries > 0 {
		return Result{Event: kept.Event}
	}
	if kept.Kept {
		return Result{Event: kept.Event, Disabled: directory.CountDisabled(event.Type), Unmatched: matches.Unmatched, FilterFailed: matches.Failed}
	}
	if kept.Event.Type != event.Type || !bytes.Equal(kept.Event.Data, event.Data) {
		return Result{Err: &posthorn.Error{
			Code:    posthorn.CodeConflict,
			Pointer: "/id",
			Message: "An event with this id was accepted before, with another type or other data.",
			Hint:    "Give each event an id of its own; repeat an id only to send the very same event again.",
		}}
	}
	return Result{Event: kept.Event, Duplicate: true}
}
