package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/replay"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store"
)

// notifier tells the parts that hold something in memory what has changed.
type notifier struct {
	directories *snapshot.Cache
	engine      *deliver.Engine
	replays     *replay.Runner
}

// DirectoryChanged implements manage.Notifier.
func (n notifier) DirectoryChanged(environment posthorn.EnvironmentID) {
	n.directories.Forget(environment)
}

// FormatsChanged implements manage.Notifier.
func (n notifier) FormatsChanged(workspace posthorn.WorkspaceID) {
	n.directories.ForgetWorkspace(workspace)
}

// WebhookChanged implements manage.Notifier.
func (n notifier) WebhookChanged(webhook posthorn.Webhook) {
	n.engine.Reconsider(&webhook)
	n.replays.Kick() // it may have been resumed
}

// DeliveryDue implements manage.Notifier.
func (n notifier) DeliveryDue(environment posthorn.EnvironmentID, webhook posthorn.WebhookID) {
	n.engine.Wake(environment, webhook)
}

// DeliveryCancelled implements manage.Notifier.
func (n notifier) DeliveryCancelled(webhook posthorn.WebhookID, delivery posthorn.DeliveryID) {
	n.engine.Withdraw(webhook, delivery)
}

// ReplayMade implements manage.Notifier.
func (n notifier) ReplayMade() { n.replays.Kick() }

// observers tells several observers.
type observers []deliver.Observer

// Attempted implements deliver.Observer.
func (o observers) Attempted(job store.Job, attempt posthorn.Attempt, next posthorn.Next, err error) {
	for _, observer := range o {
		observer.Attempted(job, attempt, next, err)
	}
}

// egress tells where requests may go, and what keeps them from going there.
func (a *App) egress() posthorn.Egress {
	settings := a.sender.Settings()
	if since, isDown := a.engine.UplinkDown(); isDown {
		settings.NetworkFailingSince = since
	}
	return settings
}

// ready answers /readyz.
func (a *App) ready(ctx context.Context) error {
	if !a.isReady.value.Load() {
		return errors.New("the server is starting or stopping")
	}
	return a.isReady.ask(ctx, a.store.Ping)
}

// upkeep drops what is kept for a limited time.
type upkeep struct {
	store  store.Upkeep
	logger *slog.Logger
	now    func() time.Time
}

// upkeepEvery is far shorter than what is kept is kept for.
const upkeepEvery = 10 * time.Minute

func (u *upkeep) run(ctx context.Context) { every(ctx, upkeepEvery, func() { u.forget(ctx) }) }

func (u *upkeep) forget(ctx context.Context) {
	const chunk = 1000
	for forgotten := chunk; forgotten == chunk; {
		var err error
		if forgotten, err = u.store.ForgetAnswers(ctx, u.now().Add(-intake.AnswerLifetime), chunk); err != nil && ctx.Err() == nil {
			u.logger.Error("forgetting old answers failed, trying again later", "error", err)
		}
	}
}
