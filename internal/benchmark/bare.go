package benchmark

import (
	"context"
	"io"
	"time"
)

// playBare is the bare loop's process: it publishes to itself, so to say, and delivers
// from memory.
func playBare(ctx context.Context, in io.Reader, out io.Writer) error {
	var sender *direct
	return obey(ctx, in, out, func(ctx context.Context, o order) (any, error) {
		switch o.Do {
		case "start":
			to, err := read[destination](o)
			if err != nil {
				return nil, err
			}
			sender, err = newDirect(to)
			return "", err
		case "publish":
			l, err := read[load](o)
			if err != nil {
				return nil, err
			}
			return drive(ctx, l, func() post {
				body := newMessage(l)
				return func(ctx context.Context, planned time.Time, number int) (int, error) {
					body.set(planned, number)
					return 1, sender.deliver(ctx, number, body.text)
				}
			}), nil
		default:
			return nil, unknown(o)
		}
	})
}
