package hostile

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"
)

const okAnswer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"

// polite are the behaviours that keep to HTTP, or nearly.
func polite() []Behaviour {
	return []Behaviour{
		{Name: "ok", Summary: "answers 200", act: func(_ context.Context, c *conversation) bool { return c.write(okAnswer) }},
		{Name: "status", Argument: "500", Summary: "answers with that status, as it is written: 204, 404, 099, 2000", act: status, check: checkStatus},
		{Name: "redirect", Argument: "http://169.254.169.254/latest/meta-data/", Summary: "answers 302 to that place", act: redirect, check: checkLine},
		{
			Name: "retry-after", Argument: "120", Summary: "answers 429 with that Retry-After: seconds, or anything; date, past and far are dates, twice is two headers",
			act: retryAfter, check: checkLine,
		},
		{Name: "delay", Argument: "5s", Summary: "answers 200 after that time", act: delay, check: checkDuration},
		{Name: "empty", Summary: "answers 200 without a body and closes the connection", act: says("HTTP/1.1 200 OK\r\n\r\n")},
		{Name: "connection-close", Summary: "answers 200 and closes the connection, as announced", act: says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")},
		{Name: stale, Summary: "answers the first request of a connection, and closes it when the next one begins", act: closeWhenUsed},
		{Name: "answer-early", Summary: "answers 200 before it has read the body", reads: headersOnly, act: answerEarly},
	}
}

func status(_ context.Context, c *conversation) bool {
	code := c.choice.Argument
	text := "HTTP/1.1 " + code + " " + http.StatusText(numberOf(code)) + "\r\n"
	if code != "" && code[0] == '3' {
		text += "Location: /elsewhere\r\n"
	}
	if code == "204" || code == "304" {
		return c.write(text + "\r\n")
	}
	return c.write(text + "Content-Length: 0\r\n\r\n")
}

func numberOf(text string) int {
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return number
}

func redirect(_ context.Context, c *conversation) bool {
	return c.write("HTTP/1.1 302 Found\r\nLocation: " + c.choice.Argument + "\r\nContent-Length: 0\r\n\r\n")
}

func retryAfter(_ context.Context, c *conversation) bool {
	now := c.receiver.options.Now().UTC()
	values := []string{c.choice.Argument}
	switch c.choice.Argument {
	case "date":
		values[0] = now.Add(2 * time.Minute).Format(http.TimeFormat)
	case "past":
		values[0] = time.Unix(0, 0).UTC().Format(http.TimeFormat)
	case "far":
		values[0] = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Format(http.TimeFormat)
	case "twice":
		values = []string{"60", "7200"}
	}
	text := "HTTP/1.1 429 Too Many Requests\r\n"
	for _, value := range values {
		text += "Retry-After: " + value + "\r\n"
	}
	return c.write(text + "Content-Length: 0\r\n\r\n")
}

// answerEarly reads the body after its answer, so that the connection stays
// good.
func answerEarly(_ context.Context, c *conversation) bool {
	if !c.write(okAnswer) {
		return false
	}
	_, err := io.Copy(io.Discard, io.LimitReader(c.request.Body, maxRequestBody))
	return err == nil
}

func delay(ctx context.Context, c *conversation) bool {
	return wait(ctx, durationOf(c.choice.Argument)) && c.write(okAnswer)
}

// closeWhenUsed is told of the second request by its first byte, before it has
// been read: have reads it, and only then is it known that nobody answers.
func closeWhenUsed(_ context.Context, c *conversation) bool {
	return c.served == 0 && c.write(okAnswer)
}
