// Package demo shows the main job on real input: it starts a server on a
// temporary database and a small receiver, publishes a stream of events to
// webhooks of every built-in dialect, and reports what happened to each one.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/posthorn/posthorn/client"
	"github.com/posthorn/posthorn/internal/app"
	"github.com/posthorn/posthorn/internal/config"
	"github.com/posthorn/posthorn/internal/telemetry"
)

// Options say what to show.
type Options struct {
	// Talk gets the live lines.
	Talk io.Writer
	// Events is the path of a file of events, one JSON object a line; empty for
	// the built-in stream.
	Events string
	// Keep leaves the server running until the context ends.
	Keep bool
	// Version is the program's.
	Version string
}

// pause is the time between two published events, so that a person can follow;
// a long file of events is not slowed down so much.
const (
	pause       = 60 * time.Millisecond
	pauseAtMost = 2 * time.Second
)

// Run shows the job and returns what it came to. The error says what went wrong
// on the way; a summary that is not complete is not an error of Run.
func Run(ctx context.Context, o Options, show func(Summary) error) error {
	events, err := load(o.Events)
	if err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "posthorn-demo-")
	if err != nil {
		return fmt.Errorf("making a temporary directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(directory) }() // temporary by name and place
	s, err := newStage(ctx, o, directory)
	if err != nil {
		return err
	}
	err = s.perform(ctx, o, events, show)
	return errors.Join(err, s.close(ctx))
}

// stage is the server, the receiver and the webhooks between them.
type stage struct {
	talk     *talk
	server   *app.App
	receiver *receiver
	client   *client.Client
	webhooks []client.Webhook
}

func newStage(ctx context.Context, o Options, directory string) (*stage, error) {
	s := &stage{talk: &talk{out: o.Talk}}
	settings, err := config.Load(config.Sources{
		Env:   func(string) string { return "" },
		Flags: map[string]string{"listen": "127.0.0.1:0", "data": directory, "environment": "development", "grace-period": "5s"},
	})
	if err != nil {
		return nil, fmt.Errorf("configuring the server: %w", err)
	}
	s.server, err = app.New(ctx, app.Options{
		Config: settings, Version: o.Version, Observer: s.talk,
		Logger: telemetry.NewLogger(o.Talk, slog.LevelError, "text"),
	})
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	if err := s.server.Start(ctx); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

func (s *stage) prepare(ctx context.Context) error {
	var err error
	if s.receiver, err = startReceiver(ctx); err != nil {
		return err
	}
	s.client, err = client.New("http://"+s.server.Addr(), s.server.First().Key.Text.Reveal())
	if err != nil {
		return fmt.Errorf("preparing the client: %w", err)
	}
	s.talk.line("server   http://%s  (temporary database, SQLite with full sync)", s.server.Addr())
	s.talk.line("receiver http://%s  (verifies every signature with package signature)\n", s.receiver.address())
	return s.register(ctx)
}

// register makes a webhook of each format, and one whose receiver refuses each
// event twice before it takes it.
func (s *stage) register(ctx context.Context) error {
	formats, err := s.client.ListFormats(ctx, client.ListQuery{Limit: 250})
	if err != nil {
		return fmt.Errorf("listing the formats: %w", err)
	}
	for _, format := range formats.Items {
		if err := s.addWebhook(ctx, client.WebhookInput{Name: format.Name, Format: format.Name}, 0); err != nil {
			return err
		}
	}
	retrying := client.WebhookInput{Name: unsteady, RetryAttempts: client.Set(3), RetrySchedule: []int{1, 2}}
	return s.addWebhook(ctx, retrying, refusals)
}

// unsteady is the name of the webhook whose receiver refuses events at first: so
// many events, so often each.
const (
	unsteady      = "unsteady"
	refusals      = 2
	refusedEvents = 20
)

func (s *stage) addWebhook(ctx context.Context, input client.WebhookInput, refusals int) error {
	input.URL = "http://" + s.receiver.address() + "/" + input.Name
	input.Events = []string{"*"}
	webhook, err := s.client.CreateWebhook(ctx, input)
	if err != nil {
		return fmt.Errorf("registering the webhook %s: %w", input.Name, err)
	}
	s.receiver.expect(input.Name, webhook.Format, webhook.Secret, refusals)
	s.talk.name(webhook.ID, input.Name)
	s.webhooks = append(s.webhooks, webhook)
	s.talk.line("webhook  %-10s format %-10s %s", input.Name, webhook.Format, webhook.URL)
	return nil
}

func (s *stage) perform(ctx context.Context, o Options, events []client.EventInput, show func(Summary) error) error {
	s.talk.line("\npublishing %d events, each to %d webhooks:\n", len(events), len(s.webhooks))
	started := time.Now()
	gap := min(pause, pauseAtMost/time.Duration(len(events)))
	for _, event := range events {
		s.receiver.published(event.Data)
		if _, err := s.client.Publish(ctx, event); err != nil {
			return fmt.Errorf("publishing an event of type %s: %w", event.Type, err)
		}
		if err := wait(ctx, gap); err != nil {
			return err
		}
	}
	if err := s.settled(ctx, len(events)); err != nil {
		return err
	}
	summary, err := s.summarize(ctx, len(events), time.Since(started))
	if err != nil {
		return err
	}
	if err := show(summary); err != nil {
		return err
	}
	if o.Keep {
		s.goOn()
		<-ctx.Done()
	}
	return nil
}

// patience is how long the deliveries may take after the last event was
// published.
const patience = 25 * time.Second

// settled waits until no delivery is pending any more, or patience is over.
func (s *stage) settled(ctx context.Context, events int) error {
	deadline := time.Now().Add(patience + time.Duration(events)*10*time.Millisecond)
	for time.Now().Before(deadline) {
		pending, err := s.pending(ctx)
		if err != nil {
			return err
		}
		if pending == 0 {
			return nil
		}
		if err := wait(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return nil // the summary tells what is missing
}

func (s *stage) pending(ctx context.Context) (int64, error) {
	var pending int64
	for webhook, err := range s.client.Webhooks(ctx, client.ListQuery{}) {
		if err != nil {
			return 0, fmt.Errorf("asking for the webhooks: %w", err)
		}
		pending += webhook.Stats.Pending
	}
	return pending, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// goOn says how to look around in the server that is left running.
func (s *stage) goOn() {
	s.talk.line(`
The server goes on until Ctrl-C; its database is removed then. In another terminal:

  export POSTHORN_SERVER=http://%s
  export POSTHORN_API_KEY=%s
  posthorn webhook list
  posthorn delivery list
  curl -H "X-Api-Key: $POSTHORN_API_KEY" "$POSTHORN_SERVER/v1/events"`, s.server.Addr(), s.server.First().Key.Text.Reveal())
}

func (s *stage) close(ctx context.Context) error {
	// The server stops in order even when the context has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.server.StopTimeout())
	defer cancel()
	err := s.server.Stop(ctx)
	if s.receiver != nil {
		err = errors.Join(err, s.receiver.close())
	}
	return err
}
