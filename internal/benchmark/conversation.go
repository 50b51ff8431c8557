package benchmark

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// order is one line that a process is sent: what to do, and with what.
type order struct {
	Do   string          `json:"do"`
	With json.RawMessage `json:"with,omitempty"`
}

// reply is the line that comes back.
type reply struct {
	Error string          `json:"error,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
}

// obey carries out the orders that come in, one after the other, until they end or
// ctx does. When they end while one is carried out, its context ends, too.
func obey(ctx context.Context, in io.Reader, out io.Writer, carryOut func(ctx context.Context, o order) (any, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	orders := make(chan order)
	// It is left behind when ctx ends first, for reading can't be interrupted: the
	// process ends then.
	go func() {
		defer cancel()
		decoder := json.NewDecoder(bufio.NewReader(in))
		for {
			var o order
			if decoder.Decode(&o) != nil {
				return
			}
			select {
			case orders <- o:
			case <-ctx.Done():
				return
			}
		}
	}()
	encoder := json.NewEncoder(out)
	for {
		select {
		case <-ctx.Done():
			return nil
		case o := <-orders:
			if err := encoder.Encode(replyTo(carryOut(ctx, o))); err != nil {
				return fmt.Errorf("replying: %w", err)
			}
		}
	}
}

func replyTo(value any, err error) reply {
	if err != nil {
		return reply{Error: err.Error()}
	}
	text, err := json.Marshal(value)
	if err != nil {
		return reply{Error: err.Error()}
	}
	return reply{Value: text}
}

// read returns what an order comes with.
func read[T any](o order) (T, error) {
	var value T
	if err := json.Unmarshal(o.With, &value); err != nil {
		return value, fmt.Errorf("reading the order %q: %w", o.Do, err)
	}
	return value, nil
}

func unknown(o order) error { return fmt.Errorf("there is no order %q", o.Do) }
