package benchmark

import (
	"context"
	"io"
)

// publishing is what the publisher is told to do.
type publishing struct {
	Address string `json:"address"`
	Path    string `json:"path"`
	Key     string `json:"key"`
	Load    load   `json:"load"`
}

// playPublisher is the publisher's process.
func playPublisher(ctx context.Context, in io.Reader, out io.Writer) error {
	return obey(ctx, in, out, func(ctx context.Context, o order) (any, error) {
		if o.Do != "publish" {
			return nil, unknown(o)
		}
		p, err := read[publishing](o)
		if err != nil {
			return nil, err
		}
		var connections []*connection
		defer func() {
			for _, c := range connections {
				c.close()
			}
		}()
		return drive(ctx, p.Load, func() post {
			c := newConnection(p.Address, p.Path, p.Key, p.Load)
			connections = append(connections, c)
			return c.post
		}), nil
	})
}
