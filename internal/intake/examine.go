package intake

import (
	"context"
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/eventdata"
	"github.com/posthorn/posthorn/internal/filter"
	"github.com/posthorn/posthorn/internal/schema"
	"github.com/posthorn/posthorn/internal/snapshot"
)

// MaxBatchDeliveries is how many deliveries the events of one publication may
// make together, and MaxBatchFilterCost and MaxBatchSchemaCost what its filters and
// the schemas of its event types may cost in units, so
// that nobody's batch keeps everybody else waiting. A single event is exempt.
const (
	MaxBatchDeliveries = 5000
	MaxBatchFilterCost = 25 * filter.MaxEventCost
	MaxBatchSchemaCost = 10 * schema.MaxCost
)

// examined is what the directory makes of the events of a publication. Results has one
// for each item; those without an error stand for the events, in the same order.
type examined struct {
	results  []Result
	events   []posthorn.Event
	matches  []filter.Matches
	warnings [][]*posthorn.Error
	// rows is how many events and deliveries are to be written.
	rows int
	// costs of the filters and the schemas, in units.
	filterCost uint64
	schemaCost int
}

// examine refuses events whose data must match the schema of their type and doesn't,
// and finds the webhooks that want each of the others. Each event is decoded at most
// once for all that.
func (i *Intake) examine(ctx context.Context, directory *snapshot.Environment, prepared []Result, events []posthorn.Event) (examined, error) {
	if directory.HasFilters() || directory.HasSchemas() {
		endTurn, err := i.looking.take(ctx, directory.WorkspaceID, 1)
		if err != nil {
			return examined{}, err
		}
		defer endTurn()
	}
	e := examined{results: make([]Result, len(prepared)), events: make([]posthorn.Event, 0, len(events))}
	next := 0
	for n, result := range prepared {
		e.results[n] = result
		if result.Err != nil {
			continue
		}
		e.results[n].Err = e.look(directory, events[next])
		next++
		if err := e.checkBatch(); err != nil && len(events) > 1 {
			return examined{}, err
		}
	}
	return e, nil
}

// look examines one event, and returns why it is refused.
func (e *examined) look(directory *snapshot.Environment, event posthorn.Event) error {
	data := eventdata.Of(event.Data)
	validation, verdict := directory.Check("/data", event.Type, data)
	e.schemaCost += verdict.Cost
	if len(verdict.Mistakes) > 0 && validation == posthorn.ValidationReject {
		var problems posthorn.Problems
		for _, mistake := range verdict.Mistakes {
			problems.Add(mistake)
		}
		return problems.Err()
	}
	matches := directory.Match(&event, data)
	e.filterCost += matches.Cost
	e.rows += 1 + len(matches.Webhooks)
	e.events = append(e.events, event)
	e.matches = append(e.matches, matches)
	e.warnings = append(e.warnings, verdict.Mistakes)
	return nil
}

func (e *examined) checkBatch() error {
	switch {
	case e.rows-len(e.events) > MaxBatchDeliveries:
		return tooMuch(fmt.Sprintf("The batch makes more than %d deliveries: its events are many, and so are the webhooks that want them.", MaxBatchDeliveries))
	case e.filterCost > MaxBatchFilterCost:
		return tooMuch(fmt.Sprintf("The filters of the webhooks cost more than %d units for this batch.", MaxBatchFilterCost))
	case e.schemaCost > MaxBatchSchemaCost:
		return tooMuch(fmt.Sprintf("Checking this batch against the schemas of its event types costs more than %d units.", MaxBatchSchemaCost))
	default:
		return nil
	}
}

func tooMuch(message string) error {
	return &posthorn.Error{Code: posthorn.CodeTooLarge, Message: message, Hint: "Nothing was kept. Send fewer events at a time."}
}
