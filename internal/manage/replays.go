package manage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// ReplayWish says which deliveries of a webhook are to be sent again.
type ReplayWish struct {
	// Statuses are those that the deliveries have; exhausted and expired when nobody
	// says anything else.
	Statuses Setting[[]posthorn.DeliveryStatus]
	// Made is when they were made.
	Made posthorn.Span
}

// MaxReplayCount is how far CountReplay counts.
const MaxReplayCount = 100_000

// A count looks up every delivery in its span when it is of those that succeeded, on a
// connection that publishers' requests need too: so many are under way at once, one of
// each workspace, none for longer than that.
const (
	maxCounts    = 2
	longestCount = time.Second
)

// CreateReplay has deliveries of a webhook in reach sent again, little by little. It
// waits while the webhook is paused or disabled.
func (m *Manager) CreateReplay(ctx context.Context, p Principal, id posthorn.WebhookID, wish ReplayWish) (posthorn.Replay, error) {
	webhook, err := m.webhook(ctx, p, id)
	if err != nil {
		return posthorn.Replay{}, err
	}
	replay, err := m.newReplay(webhook, wish)
	if err != nil {
		return posthorn.Replay{}, err
	}
	err = m.store.CreateReplay(ctx, replay)
	if errors.Is(err, posthorn.ErrConflict) {
		return posthorn.Replay{}, m.alreadyReplaying(ctx, id)
	}
	if errors.Is(err, posthorn.ErrLimit) {
		return posthorn.Replay{}, &posthorn.Error{
			Code:    posthorn.CodeLimitReached,
			Message: fmt.Sprintf("The workspace has %d replays that are running, which is the limit.", posthorn.MaxRunningReplays),
			Hint:    "Wait until one is done, or cancel one: one whose webhook is paused, disabled or failing counts too.",
		}
	}
	if err != nil {
		return posthorn.Replay{}, passOn("creating the replay", err)
	}
	m.notifier.ReplayMade()
	return replay, nil
}

// CountReplay counts what CreateReplay would have sent again, and keeps nothing. It
// counts no further than MaxReplayCount, and waits while the workspace counts already or
// others do. A count that takes too long is refused with posthorn.CodeInvalid.
func (m *Manager) CountReplay(ctx context.Context, p Principal, id posthorn.WebhookID, wish ReplayWish) (posthorn.Replay, int, error) {
	webhook, err := m.webhook(ctx, p, id)
	if err != nil {
		return posthorn.Replay{}, 0, err
	}
	replay, err := m.newReplay(webhook, wish)
	if err != nil {
		return posthorn.Replay{}, 0, err
	}
	end, err := m.counts.take(ctx, webhook.WorkspaceID)
	if err != nil {
		return posthorn.Replay{}, 0, err
	}
	defer end()
	short, cancel := context.WithTimeout(ctx, longestCount)
	defer cancel()
	count, err := m.store.CountReplay(short, replay, MaxReplayCount)
	if err != nil && ctx.Err() == nil && short.Err() != nil {
		return posthorn.Replay{}, 0, posthorn.Invalid("/dryRun", fmt.Sprintf("There is too much to look at to count it within %v.", longestCount),
			"Name a shorter span with after and before, or have it sent again without counting it first.")
	}
	if err != nil {
		return posthorn.Replay{}, 0, passOn("counting what to replay", err)
	}
	return replay, count, nil
}

func (m *Manager) newReplay(webhook posthorn.Webhook, wish ReplayWish) (posthorn.Replay, error) {
	now := m.now()
	replay := posthorn.Replay{
		ID: posthorn.NewID[posthorn.ReplayID](now, m.random), WebhookID: webhook.ID, EnvironmentID: webhook.EnvironmentID,
		Statuses: wish.Statuses.take(byDefault(), byDefault()), Made: wish.Made,
		Status: posthorn.ReplayRunning, CreatedAt: now, UpdatedAt: now,
	}
	var problems posthorn.Problems
	replay.Statuses = distinctStatuses(replay.Statuses, &problems)
	checkMade(replay.Made, now, &problems)
	return replay, problems.Err()
}

func byDefault() []posthorn.DeliveryStatus {
	return []posthorn.DeliveryStatus{posthorn.DeliveryExhausted, posthorn.DeliveryExpired}
}

// distinctStatuses checks statuses and leaves out those that were there before.
func distinctStatuses(given []posthorn.DeliveryStatus, problems *posthorn.Problems) []posthorn.DeliveryStatus {
	var distinct []posthorn.DeliveryStatus
	names := make([]string, 0, len(posthorn.ReplayableStatuses()))
	for _, status := range posthorn.ReplayableStatuses() {
		names = append(names, string(status))
	}
	hint := "Name one or more of " + strings.Join(names, ", ") + "; leave it out for exhausted and expired."
	if len(given) == 0 {
		problems.Add(posthorn.Invalid("/statuses", "No status is named, so nothing would be sent again.", hint))
	}
	for i, status := range given {
		pointer := fmt.Sprintf("/statuses/%d", i)
		switch {
		case slices.Contains(distinct, status):
		case slices.Contains(posthorn.ReplayableStatuses(), status):
			distinct = append(distinct, status)
		case slices.Contains(posthorn.DeliveryStatuses(), status):
			problems.Add(posthorn.Invalid(pointer, fmt.Sprintf("Deliveries that are %s are going to be sent anyway.", status), hint))
			return distinct
		default:
			problems.Add(posthorn.Invalid(pointer, "This is not a status of a delivery.", hint))
			return distinct
		}
	}
	return distinct
}

func checkMade(made posthorn.Span, now time.Time, problems *posthorn.Problems) {
	switch {
	case !made.From.IsZero() && !made.From.Before(now):
		problems.Add(posthorn.Invalid("/after", "The time is not past, and only deliveries made before the replay are sent again.", "Give an earlier time, or leave it out."))
	case !made.From.IsZero() && !made.Until.IsZero() && !made.From.Before(made.Until):
		problems.Add(posthorn.Invalid("/before", "before is not later than after: no delivery was made then.", "Swap them, or leave one out."))
	}
}

// alreadyReplaying names the replay that is running: the newest, for none can be made
// beside it.
func (m *Manager) alreadyReplaying(ctx context.Context, webhook posthorn.WebhookID) error {
	conflict := &posthorn.Error{Code: posthorn.CodeConflict, Message: "The webhook has a replay that is running already.", Hint: "Wait until it is done, or cancel it."}
	replays, err := m.store.Replays(ctx, webhook, posthorn.Page{Limit: 1})
	if err != nil {
		return passOn("finding the running replay", err)
	}
	if len(replays) == 1 {
		conflict.Message = fmt.Sprintf("The webhook has a replay that is running already: %s.", replays[0].ID)
	}
	return conflict
}

// Replay returns a replay in reach.
func (m *Manager) Replay(ctx context.Context, p Principal, id posthorn.ReplayID) (posthorn.Replay, error) {
	replay, err := m.store.Replay(ctx, id)
	if err != nil {
		return posthorn.Replay{}, passOn("reading the replay", err)
	}
	if err := m.checkReach(ctx, p, replay.EnvironmentID); err != nil {
		return posthorn.Replay{}, err
	}
	return replay, nil
}

// Replays lists the replays of a webhook in reach.
func (m *Manager) Replays(ctx context.Context, p Principal, id posthorn.WebhookID, page posthorn.Page) ([]posthorn.Replay, error) {
	if _, err := m.webhook(ctx, p, id); err != nil {
		return nil, err
	}
	replays, err := m.store.Replays(ctx, id, page)
	if err != nil {
		return nil, passOn("listing replays", err)
	}
	return replays, nil
}

// CancelReplay ends a running replay. What it has made due is sent all the same.
func (m *Manager) CancelReplay(ctx context.Context, p Principal, id posthorn.ReplayID) (posthorn.Replay, error) {
	if _, err := m.Replay(ctx, p, id); err != nil {
		return posthorn.Replay{}, err
	}
	replay, err := m.store.CancelReplay(ctx, id, m.now())
	if errors.Is(err, posthorn.ErrConflict) {
		return posthorn.Replay{}, &posthorn.Error{Code: posthorn.CodeConflict, Message: "The replay is over already.", Hint: "Only a replay that is running can be cancelled."}
	}
	if err != nil {
		return posthorn.Replay{}, passOn("cancelling the replay", err)
	}
	return replay, nil
}
