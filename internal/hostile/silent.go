package hostile

import "context"

// silent are the behaviours that give no answer at all.
func silent() []Behaviour {
	return []Behaviour{
		{Name: refuse, Summary: "nothing listens", refuses: true, reads: nothing, act: says("")},
		{Name: "blackhole", Summary: "takes the request and never answers", act: saysAndStays("")},
		{Name: "zero-window", Summary: "accepts the connection and reads nothing", reads: nothing, act: stopReading},
		{Name: "close", Summary: "reads the request and closes the connection", act: says("")},
		{Name: "close-at-once", Summary: "closes every connection before it has read anything", reads: nothing, act: says("")},
		{Name: "reset", Summary: "reads the request and resets the connection", act: breakOff},
		{Name: "reset-at-once", Summary: "resets every connection before it has read anything", reads: nothing, act: breakOff},
	}
}

func stopReading(ctx context.Context, c *conversation) bool {
	c.shrink()
	c.ignore(ctx)
	return false
}

func breakOff(_ context.Context, c *conversation) bool {
	c.reset()
	return false
}
