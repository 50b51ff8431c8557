package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// replayInput says which deliveries are to be sent again.
type replayInput struct {
	Statuses optional[[]string] `json:"statuses,omitzero" doc:"Which deliveries, by the status that they have: exhausted, expired, cancelled, quarantined or succeeded. Exhausted and expired when left out."`
	After    optional[string]   `json:"after,omitzero" doc:"Only deliveries made at this time or later (RFC 3339)."`
	Before   optional[string]   `json:"before,omitzero" doc:"Only deliveries made before this time (RFC 3339). What is made later than the replay isn't sent again in any case."`
	DryRun   optional[bool]     `json:"dryRun,omitzero" doc:"Count the deliveries and do nothing."`
}

// ReplayBody is a replay as it is shown.
type ReplayBody struct {
	ID string `json:"id"`
	ReplayWish
	Status     string `json:"status" enum:"running,done,cancelled"`
	WaitingFor string `json:"waitingFor,omitempty" doc:"Why a running replay doesn't go on: its webhook is paused, disabled or failing, or the receiver asked to wait."`
	Examined   int64  `json:"examined" doc:"Deliveries made in that time that it has looked at."`
	Replayed   int64  `json:"replayed" doc:"Those of them that had a wanted status, and were made due again."`
	CreatedAt  string `json:"createdAt" format:"date-time"`
	UpdatedAt  string `json:"updatedAt" format:"date-time"`
}

// ReplayWish is what a replay was asked for.
type ReplayWish struct {
	WebhookID     string   `json:"webhookId"`
	EnvironmentID string   `json:"environmentId"`
	Statuses      []string `json:"statuses"`
	After         *string  `json:"after" format:"date-time"`
	Before        *string  `json:"before" format:"date-time"`
}

// replayAnswer is the replay that was made; of a dry run, what it would send again.
type replayAnswer struct {
	DryRun   bool `json:"dryRun"`
	Matching *int `json:"matching,omitempty" doc:"How many deliveries would be sent again; 100000 means that many or more. Only of a dry run, which has nothing of what follows but what it was asked for."`
	ReplayWish
	ID         string `json:"id,omitempty"`
	Status     string `json:"status,omitempty" enum:"running,done,cancelled"`
	WaitingFor string `json:"waitingFor,omitempty"`
	Examined   *int64 `json:"examined,omitempty"`
	Replayed   *int64 `json:"replayed,omitempty"`
	CreatedAt  string `json:"createdAt,omitempty" format:"date-time"`
	UpdatedAt  string `json:"updatedAt,omitempty" format:"date-time"`
}

func (s *Server) replayRoutes() []route {
	const tag = "Replays"
	return []route{
		writing(http.MethodPost, "/v1/webhooks/{webhookId}/replays", http.StatusAccepted, "Send many deliveries of a webhook again, little by little, or count them", createReplay).in(tag).mayBeEmpty(),
		listing("/v1/webhooks/{webhookId}/replays", "List a webhook's replays", listReplays).in(tag),
		reading("/v1/replays/{replayId}", "Get a replay", getReplay).in(tag),
		writing(http.MethodPost, "/v1/replays/{replayId}/cancel", http.StatusOK, "Stop a replay", cancelReplay).in(tag).mayBeEmpty(),
	}
}

func (in *replayInput) wish() (manage.ReplayWish, error) {
	wish := manage.ReplayWish{Statuses: mapped(in.Statuses, func(names []string) []posthorn.DeliveryStatus {
		statuses := make([]posthorn.DeliveryStatus, len(names))
		for i, name := range names {
			statuses[i] = posthorn.DeliveryStatus(name)
		}
		return statuses
	})}
	var err error
	if wish.Made.From, err = madeAt(in.After, "after"); err != nil {
		return manage.ReplayWish{}, err
	}
	wish.Made.Until, err = madeAt(in.Before, "before")
	return wish, err
}

// madeAt reads a bound of a span; zero when it is not given.
func madeAt(given optional[string], name string) (time.Time, error) {
	if !given.Given || given.Null {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, given.Value)
	if err != nil {
		return time.Time{}, posthorn.Invalid("/"+name, fmt.Sprintf("%s is not a time: %q.", name, clip(given.Value)), "Write RFC 3339: 2026-01-02T03:04:05Z.")
	}
	return at.UTC(), nil
}

func createReplay(ctx context.Context, c *call, in *replayInput) (replayAnswer, error) {
	id, err := pathID[posthorn.WebhookID](c, "webhookId")
	if err != nil {
		return replayAnswer{}, err
	}
	wish, err := in.wish()
	if err != nil {
		return replayAnswer{}, err
	}
	if in.DryRun.Value {
		wished, count, err := c.Manager.CountReplay(ctx, c.principal, id, wish)
		return replayAnswer{DryRun: true, Matching: &count, ReplayWish: showReplayWish(wished)}, err
	}
	made, err := c.Manager.CreateReplay(ctx, c.principal, id, wish)
	if err != nil {
		return replayAnswer{}, err
	}
	body, err := c.showReplay(ctx, made)
	return replayAnswer{
		ID: body.ID, ReplayWish: body.ReplayWish, Status: body.Status, WaitingFor: body.WaitingFor,
		Examined: &body.Examined, Replayed: &body.Replayed, CreatedAt: body.CreatedAt, UpdatedAt: body.UpdatedAt,
	}, err
}

func listReplays(ctx context.Context, c *call) (page[ReplayBody], error) {
	asked, err := c.paging()
	if err != nil {
		return page[ReplayBody]{}, err
	}
	id, err := pathID[posthorn.WebhookID](c, "webhookId")
	if err != nil {
		return page[ReplayBody]{}, err
	}
	replays, err := c.Manager.Replays(ctx, c.principal, id, asked)
	if err != nil {
		return page[ReplayBody]{}, err
	}
	bodies := make(map[posthorn.ReplayID]ReplayBody, len(replays))
	for _, r := range replays {
		if bodies[r.ID], err = c.showReplay(ctx, r); err != nil {
			return page[ReplayBody]{}, err
		}
	}
	show := func(r posthorn.Replay) ReplayBody { return bodies[r.ID] }
	return pageOf(c, asked, replays, func(r posthorn.Replay) [16]byte { return r.ID }, show), nil
}

func getReplay(ctx context.Context, c *call) (ReplayBody, error) {
	return withReplay(ctx, c, c.Manager.Replay)
}

func cancelReplay(ctx context.Context, c *call, _ *nothing) (ReplayBody, error) {
	return withReplay(ctx, c, c.Manager.CancelReplay)
}

func withReplay(ctx context.Context, c *call, do func(context.Context, manage.Principal, posthorn.ReplayID) (posthorn.Replay, error)) (ReplayBody, error) {
	id, err := pathID[posthorn.ReplayID](c, "replayId")
	if err != nil {
		return ReplayBody{}, err
	}
	replay, err := do(ctx, c.principal, id)
	if err != nil {
		return ReplayBody{}, err
	}
	return c.showReplay(ctx, replay)
}

func (c *call) showReplay(ctx context.Context, r posthorn.Replay) (ReplayBody, error) {
	waitingFor, err := c.Manager.ReplayWaitsFor(ctx, r)
	return ReplayBody{
		ID: r.ID.String(), ReplayWish: showReplayWish(r), Status: string(r.Status), WaitingFor: waitingFor,
		Examined: r.Examined, Replayed: r.Replayed, CreatedAt: showTime(r.CreatedAt), UpdatedAt: showTime(r.UpdatedAt),
	}, err
}

func showReplayWish(r posthorn.Replay) ReplayWish {
	wish := ReplayWish{
		WebhookID: r.WebhookID.String(), EnvironmentID: r.EnvironmentID.String(),
		After: showTimeOrNull(r.Made.From), Before: showTimeOrNull(r.Made.Until),
	}
	for _, status := range r.Statuses {
		wish.Statuses = append(wish.Statuses, string(status))
	}
	return wish
}
