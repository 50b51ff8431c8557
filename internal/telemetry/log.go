// Package telemetry tells what the program does: today in logs.
package telemetry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// NewLogger makes a logger that writes text or, if format is "json", JSON.
func NewLogger(w io.Writer, level slog.Level, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// AttemptLog writes one wide line for each attempt: failures as warnings,
// successes for debugging.
type AttemptLog struct{ logger *slog.Logger }

// NewAttemptLog makes an AttemptLog.
func NewAttemptLog(logger *slog.Logger) AttemptLog { return AttemptLog{logger: logger} }

// Attempted implements deliver.Observer.
func (l AttemptLog) Attempted(job store.Job, attempt posthorn.Attempt, next posthorn.Next, err error) {
	level := slog.LevelDebug
	if !attempt.Outcome.Succeeded() || err != nil {
		level = slog.LevelWarn
	}
	ctx := context.Background() // a log line belongs to no request
	if !l.logger.Enabled(ctx, level) {
		return
	}
	attributes := []slog.Attr{
		slog.Any("environment", job.Delivery.EnvironmentID),
		slog.Any("webhook", job.Delivery.WebhookID),
		slog.String("event", job.Delivery.EventPublicID),
		slog.String("type", job.Delivery.EventType),
		slog.Any("delivery", job.Delivery.ID),
		slog.Int("attempt", attempt.Number),
		slog.String("reason", string(attempt.Outcome.Reason)),
		slog.Int("status", attempt.Outcome.StatusCode),
		slog.Duration("took", attempt.Outcome.Timings.Total.Round(time.Microsecond)),
		slog.String("next", string(next.Status)),
	}
	if next.Status == posthorn.DeliveryPending {
		attributes = append(attributes, slog.Time("due", next.DueAt))
	}
	if next.DisableWebhook {
		attributes = append(attributes, slog.Bool("webhookDisabled", true))
	}
	switch {
	case errors.Is(err, store.ErrLeaseLost):
		attributes = append(attributes, slog.Bool("leaseLost", true))
	case err != nil:
		attributes = append(attributes, slog.String("error", err.Error()))
	}
	l.logger.LogAttrs(ctx, level, "attempt", attributes...)
}
