package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn/client"
)

// Invariant: tries are bounded, and the waits between them grow and are bounded.
func TestRepetitionsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := answering(answer{err: errors.New("connection refused")})
		c := newClient(t, server, client.WithRetries(5), client.WithBackoff(time.Second, 4*time.Second))
		_, err := c.Publish(t.Context(), client.EventInput{Type: "a", Data: json.RawMessage(`1`)})
		var lost *client.ConnectionError
		if !errors.As(err, &lost) || lost.Server != "http://posthorn.test/base" {
			t.Errorf("got %v, want a ConnectionError", err)
		}
		if len(server.requests) != 6 {
			t.Fatalf("%d requests, want 6", len(server.requests))
		}
		for i, planned := range []time.Duration{1, 2, 4, 4, 4} {
			wait := server.requests[i+1].at.Sub(server.requests[i].at)
			if low, high := planned*time.Second*8/10, planned*time.Second*12/10; wait < low || wait > high {
				t.Errorf("wait %d was %v, want %v to %v", i, wait, low, high)
			}
		}
	})
}

// Invariant: what may have been done is not done again, unless the server can
// tell a repetition.
func TestWhatIsRepeated(t *testing.T) {
	t.Parallel()
	lost := answer{err: errors.New("broken pipe")}
	busy := answer{status: http.StatusTooManyRequests, body: `{"code":"busy"}`}
	away := answer{status: http.StatusServiceUnavailable, body: `{"code":"unavailable"}`}
	broken := answer{status: http.StatusInternalServerError, body: `{"code":"internal"}`}
	create := func(ctx context.Context, c *client.Client) error {
		_, err := c.CreateWebhook(ctx, client.WebhookInput{URL: "https://a.example", Events: []string{"*"}})
		return err
	}
	read := func(ctx context.Context, c *client.Client) error { _, err := c.GetWebhook(ctx, "whc_1"); return err }
	remove := func(ctx context.Context, c *client.Client) error { _, err := c.DeleteWebhook(ctx, "whc_1"); return err }
	for _, tc := range []struct {
		name   string
		do     func(context.Context, *client.Client) error
		answer answer
		tries  int
	}{
		{"create, lost", create, lost, 1},
		{"create, 503", create, away, 1},
		{"create, 429", create, busy, 4},
		{"read, lost", read, lost, 4},
		{"read, 503", read, away, 4},
		{"read, 500", read, broken, 1},
		{"delete, lost", remove, lost, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := answering(tc.answer)
				if err := tc.do(t.Context(), newClient(t, server)); err == nil {
					t.Error("no error")
				}
				if len(server.requests) != tc.tries {
					t.Errorf("%d tries, want %d", len(server.requests), tc.tries)
				}
			})
		})
	}
}

// Invariant: Retry-After is kept; one that is too long ends the call at once.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		good := answer{status: 200, body: `{"success":true,"data":{"id":"whc_1"}}`}
		server := answering(answer{status: 503, header: map[string]string{"Retry-After": "7"}, body: `{}`}, good)
		if _, err := newClient(t, server).GetWebhook(t.Context(), "whc_1"); err != nil {
			t.Fatal(err)
		}
		if wait := server.requests[1].at.Sub(server.requests[0].at); wait != 7*time.Second {
			t.Errorf("waited %v, want 7s", wait)
		}
		server = answering(answer{status: 503, header: map[string]string{"Retry-After": "3600"}, body: `{}`}, good)
		_, err := newClient(t, server).GetWebhook(t.Context(), "whc_1")
		var problem *client.Error
		if !errors.As(err, &problem) || problem.RetryAfter != time.Hour || len(server.requests) != 1 {
			t.Errorf("got %v after %d requests", err, len(server.requests))
		}
	})
}
