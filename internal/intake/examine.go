package intake

import (
	"context"
	"fmt"

	"github.com/posthorn/posthorn"
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

// wanted says who wants the events of a publication, and what it took to find that out.
type wanted struct {
	// by has the webhooks for each result without an error, in the same order.
	by         [][]*posthorn.Webhook
	deliveries int
	// costs of the filters and the schemas, in units.
	filterCost uint64
	schemaCost int
}

// rows is how many events and deliveries are to be written.
func (w *wanted) rows() int { return len(w.by) + w.deliveries }

// examine refuses events whose data must match the schema of their type and doesn't,
// and finds the webhooks that want each of the others. So many of the results have no
// error yet. Each event is decoded at most once for all that.
func (i *Intake) examine(ctx context.Context, directory *snapshot.Environment, results []Result, good int) (wanted, error) {
	if directory.HasFilters() || directory.HasSchemas() {
		endTurn, err := i.looking.take(ctx, directory.WorkspaceID, 1)
		if err != nil {
			return wanted{}, err
		}
		defer endTurn()
	}
	w := wanted{by: make([][]*posthorn.Webhook, 0, good)}
	for n := range results {
		if results[n].Err != nil {
			continue
		}
		w.look(directory, &results[n])
		if err := w.checkBatch(); err != nil && good > 1 {
			return wanted{}, err
		}
	}
	return w, nil
}

// look examines the event of a result, and notes there what it finds.
func (w *wanted) look(directory *snapshot.Environment, result *Result) {
	data := directory.Data(&result.Event)
	validation, verdict := directory.Check("/data", result.Event.Type, data)
	w.schemaCost += verdict.Cost
	if len(verdict.Mistakes) > 0 && validation == posthorn.ValidationReject {
		var problems posthorn.Problems
		for _, mistake := range verdict.Mistakes {
			problems.Add(mistake)
		}
		result.Err = problems.Err()
		return
	}
	matches := directory.Match(&result.Event, data)
	w.by = append(w.by, matches.Webhooks)
	w.deliveries += len(matches.Webhooks)
	w.filterCost += matches.Cost
	result.Unmatched, result.FilterFailed, result.Warnings = matches.Unmatched, matches.Failed, verdict.Mistakes
}

func (w *wanted) checkBatch() error {
	switch {
	case w.deliveries > MaxBatchDeliveries:
		return tooMuch(fmt.Sprintf("The batch makes more than %d deliveries: its events are many, and so are the webhooks that want them.", MaxBatchDeliveries))
	case w.filterCost > MaxBatchFilterCost:
		return tooMuch(fmt.Sprintf("The filters of the webhooks cost more than %d units for this batch.", MaxBatchFilterCost))
	case w.schemaCost > MaxBatchSchemaCost:
		return tooMuch(fmt.Sprintf("Checking this batch against the schemas of its event types costs more than %d units.", MaxBatchSchemaCost))
	default:
		return nil
	}
}

func tooMuch(message string) error {
	return &posthorn.Error{Code: posthorn.CodeTooLarge, Message: message, Hint: "Nothing was kept. Send fewer events at a time."}
}
