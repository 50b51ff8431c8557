package hostile

import "context"

// slow are the behaviours that take their time, for ever.
func slow() []Behaviour {
	const interval = "1s"
	return []Behaviour{
		{Name: "slow-headers", Argument: interval, Summary: "sends headers for ever, one byte each time", act: dripHeaders, check: checkDuration},
		{Name: "slow-body", Argument: interval, Summary: "answers 200 and sends a body for ever, one byte each time", act: dripBody, check: checkDuration},
		{Name: "stalled-headers", Summary: "begins its headers and never ends them", act: saysAndStays("HTTP/1.1 200 OK\r\nContent-Type: text/pl")},
		{Name: "stalled-body", Summary: "answers 200 and never sends the body that it announced", act: saysAndStays("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")},
	}
}

func dripHeaders(ctx context.Context, c *conversation) bool {
	if c.write("HTTP/1.1 200 OK\r\n") {
		c.drip(ctx, "X-Slow: loris\r\n", durationOf(c.choice.Argument))
	}
	return false
}

func dripBody(ctx context.Context, c *conversation) bool {
	if c.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n") {
		c.drip(ctx, "drip ", durationOf(c.choice.Argument))
	}
	return false
}
