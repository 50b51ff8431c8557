package demo

import (
	"context"
	"fmt"
	"time"
)

// Summary is what the demonstration came to.
type Summary struct {
	Events     int   `json:"events"`
	Deliveries int64 `json:"deliveries"`
	Attempts   int64 `json:"attempts"`
	// Verified counts the deliveries whose signature the receiver verified.
	Verified int `json:"verified"`
	// Intact counts those that held the published bytes unchanged.
	Intact int `json:"intact"`
	// Retried counts attempts after the first of a delivery.
	Retried int64 `json:"retried"`
	// Lost counts deliveries that did not arrive.
	Lost     int64            `json:"lost"`
	Seconds  float64          `json:"seconds"`
	Webhooks []WebhookSummary `json:"webhooks"`
}

// WebhookSummary is what became of one webhook's deliveries.
type WebhookSummary struct {
	Name       string `json:"name"`
	Format     string `json:"format"`
	Deliveries int64  `json:"deliveries"`
	Attempts   int64  `json:"attempts"`
	Verified   int    `json:"verified"`
	Intact     int    `json:"intact"`
	Retried    int64  `json:"retried"`
	Lost       int64  `json:"lost"`
}

// Complete reports whether everything arrived, verified and unchanged.
func (s Summary) Complete() bool {
	return s.Lost == 0 && int64(s.Verified) == s.Deliveries && int64(s.Intact) == s.Deliveries &&
		s.Deliveries == int64(s.Events)*int64(len(s.Webhooks))
}

func (s *stage) summarize(ctx context.Context, events int, took time.Duration) (Summary, error) {
	summary := Summary{Events: events, Seconds: float64(took.Round(time.Millisecond).Milliseconds()) / 1000}
	for _, registered := range s.webhooks {
		webhook, err := s.client.GetWebhook(ctx, registered.ID)
		if err != nil {
			return Summary{}, fmt.Errorf("asking for a webhook: %w", err)
		}
		seen := s.receiver.seen(webhook.Name)
		one := WebhookSummary{
			Name: webhook.Name, Format: webhook.Format, Deliveries: webhook.Stats.Accepted, Attempts: webhook.Stats.Attempts,
			Verified: seen.verified, Intact: seen.intact,
			Retried: webhook.Stats.Attempts - min(webhook.Stats.Attempts, webhook.Stats.Accepted),
			// What the engine says succeeded and what the receiver took must both be
			// everything that was published.
			Lost: int64(events) - min(webhook.Stats.Succeeded, int64(seen.verified)),
		}
		summary.Webhooks = append(summary.Webhooks, one)
		summary.Deliveries += one.Deliveries
		summary.Attempts += one.Attempts
		summary.Verified += one.Verified
		summary.Intact += one.Intact
		summary.Retried += one.Retried
		summary.Lost += one.Lost
	}
	return summary, nil
}
