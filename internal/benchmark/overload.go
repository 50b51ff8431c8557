package benchmark

import (
	"context"
	"errors"
	"fmt"
)

// overloadConnections is how many times as many connections as at saturation publish
// in an overload.
const overloadConnections = 16

// overload measures saturation, and a server that is asked for far more: what it takes,
// how it refuses the rest, and whether all arrives that it has taken.
func overload(ctx context.Context, b *bench) ([]outcome, error) {
	s := shape{concurrency: b.Connections}
	usual, err := b.measureOn(ctx, targetPosthorn, s, b.closed())
	if err != nil {
		return nil, fmt.Errorf("saturation: %w", err)
	}
	l := b.closed()
	l.Connections *= overloadConnections
	l.Requests *= overloadConnections
	b.say("  %d connections", l.Connections)
	st, err := b.set(ctx, targetPosthorn, s, "")
	if err != nil {
		return nil, err
	}
	over, err := st.measure(ctx, l)
	if err := errors.Join(err, st.close()); err != nil {
		return nil, fmt.Errorf("overload: %w", err)
	}
	figures := append(over.figures(), Figure{"events accepted", "", float64(over.sent.Events)}, Figure{"events arrived", "", float64(over.seen.Usual.Count)})
	return []outcome{{"saturation", usual.figures()}, {"overload", figures}}, nil
}
