package benchmark

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"
)

// storedSpan is the time over which the stored deliveries are spread, storedData the
// size of their events' data in bytes, and storedWebhooks how many webhooks got them.
const (
	storedSpan     = 30 * 24 * time.Hour
	storedData     = 100
	storedWebhooks = 10
)

// fillStored makes the database that all runs of the scenario share.
func fillStored(ctx context.Context, b *bench) (func() error, error) {
	directory, err := b.newDirectory()
	if err != nil {
		return nil, err
	}
	b.stored = directory
	remove := func() error { return os.RemoveAll(directory) }
	st, err := b.set(ctx, targetPosthorn, shape{concurrency: b.Connections}, directory)
	if err != nil {
		return remove, err
	}
	err = st.fillStored(ctx)
	return remove, errors.Join(err, st.close())
}

func (s *stage) fillStored(ctx context.Context) error {
	told := filling{Deliveries: s.Stored, IsOver: true, Family: storedFamily, DataSize: storedData, Span: storedSpan}
	for i := range storedWebhooks {
		id, err := s.api.register(ctx, registration{URL: s.url(usualPath, i), Events: []string{storedFamily + ".*"}})
		if err != nil {
			return err
		}
		told.Webhooks = append(told.Webhooks, id)
	}
	if err := s.forgetWebhooks(ctx); err != nil {
		return err
	}
	if err := s.stopServer(); err != nil {
		return err
	}
	return s.fill(ctx, told)
}

// forgetWebhooks deletes the webhooks for the usual events: the next receiver has
// another address.
func (s *stage) forgetWebhooks(ctx context.Context) error {
	for _, id := range s.webhooks {
		if _, err := s.api.ask(ctx, http.MethodDelete, "/v1/webhooks/"+id, nil); err != nil {
			return err
		}
	}
	return nil
}

// besideStored measures saturation on an empty database and on the filled one, and then
// how long the lists of the filled one take.
func besideStored(ctx context.Context, b *bench) ([]outcome, error) {
	s := shape{concurrency: b.Connections}
	empty, err := b.measureOn(ctx, targetPosthorn, s, b.closed())
	if err != nil {
		return nil, fmt.Errorf("empty: %w", err)
	}
	b.say("  %d stored", b.Stored)
	st, err := b.set(ctx, targetPosthorn, s, b.stored)
	if err != nil {
		return nil, err
	}
	figures, err := st.measureStored(ctx)
	return []outcome{{"empty", empty.figures()}, {"stored", figures}}, errors.Join(err, st.close())
}

func (s *stage) measureStored(ctx context.Context) ([]Figure, error) {
	m, err := s.measure(ctx, s.closed())
	if err != nil {
		return nil, err
	}
	lists, err := s.timeLists(ctx)
	if err != nil {
		return nil, err
	}
	return append(append(m.figures(), Figure{"deliveries stored", "", float64(s.Stored)}), lists...), s.forgetWebhooks(ctx)
}

// list is a page that is asked for.
type list struct{ name, path string }

// timeLists returns the longest that each page takes when it is asked for a few times.
func (s *stage) timeLists(ctx context.Context) ([]Figure, error) {
	lists, err := s.lists(ctx)
	if err != nil {
		return nil, err
	}
	figures := make([]Figure, 0, len(lists))
	for _, l := range lists {
		const times = 5
		var longest time.Duration
		for range times {
			began := time.Now()
			if _, err := s.api.get(ctx, l.path); err != nil {
				return nil, err
			}
			longest = max(longest, time.Since(began))
		}
		figures = append(figures, Figure{"list: " + l.name, "ms", float64(longest.Microseconds()) / 1000})
	}
	return figures, nil
}

// lists are the pages that people look at, the largest of each kind.
func (s *stage) lists(ctx context.Context) ([]list, error) {
	const page = "?limit=250"
	oldest, err := s.oldestWebhook(ctx)
	if err != nil {
		return nil, err
	}
	middle := "&before=" + url.QueryEscape(time.Now().Add(-storedSpan/2).UTC().Format(time.RFC3339))
	deep := map[string]string{}
	for _, path := range []string{"/v1/events", "/v1/deliveries"} {
		said, err := s.api.get(ctx, path+page+middle)
		if err != nil {
			return nil, err
		}
		deep[path] = path + page + middle + "&cursor=" + url.QueryEscape(said.Pagination.NextCursor)
	}
	event, delivery, err := s.someOf(ctx, "/v1/deliveries"+page+middle)
	if err != nil {
		return nil, err
	}
	return []list{
		{"events", "/v1/events" + page},
		{"events of a type", "/v1/events" + page + "&type=" + typeName(storedFamily, 0)},
		{"events of a type that has none", "/v1/events" + page + "&type=no.such"},
		{"events from the middle on", "/v1/events" + page + middle},
		{"events, deep cursor", deep["/v1/events"]},
		{"event", "/v1/events/" + event},
		{"deliveries of an event", "/v1/events/" + event + "/deliveries" + page},
		{"deliveries", "/v1/deliveries" + page},
		{"deliveries succeeded", "/v1/deliveries" + page + "&status=succeeded"},
		{"deliveries exhausted", "/v1/deliveries" + page + "&status=exhausted"},
		{"deliveries pending", "/v1/deliveries" + page + "&status=pending"},
		{"deliveries cancelled", "/v1/deliveries" + page + "&status=cancelled"},
		{"deliveries of a webhook", "/v1/deliveries" + page + "&webhookId=" + oldest},
		{"deliveries of a webhook, succeeded", "/v1/deliveries" + page + "&webhookId=" + oldest + "&status=succeeded"},
		{"deliveries of a webhook, exhausted", "/v1/deliveries" + page + "&webhookId=" + oldest + "&status=exhausted"},
		{"deliveries of a webhook, pending", "/v1/deliveries" + page + "&webhookId=" + oldest + "&status=pending"},
		{"deliveries from the middle on", "/v1/deliveries" + page + middle},
		{"deliveries, deep cursor", deep["/v1/deliveries"]},
		{"delivery with its attempts", "/v1/deliveries/" + delivery},
		{"webhooks", "/v1/webhooks" + page},
		{"conservation", "/v1/conservation"},
	}, nil
}

// oldestWebhook returns the id of a webhook that has stored deliveries: the webhooks of
// that family are the oldest, and lists are newest first.
func (s *stage) oldestWebhook(ctx context.Context) (string, error) {
	said, err := s.api.get(ctx, "/v1/webhooks?limit=250")
	if err != nil {
		return "", err
	}
	var found []struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(said.Data, &found); err != nil || len(found) == 0 {
		return "", fmt.Errorf("there is no webhook (%w)", err)
	}
	return found[len(found)-1].ID, nil
}

// someOf returns the ids of an event and of its delivery out of a list of deliveries.
func (s *stage) someOf(ctx context.Context, path string) (string, string, error) {
	said, err := s.api.get(ctx, path)
	if err != nil {
		return "", "", err
	}
	var found []struct {
		ID      string `json:"id"`
		EventID string `json:"eventId"`
	}
	if err := json.Unmarshal(said.Data, &found); err != nil || len(found) == 0 {
		return "", "", fmt.Errorf("there is no delivery (%w)", err)
	}
	return found[0].EventID, found[0].ID, nil
}
