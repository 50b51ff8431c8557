package memstore

import (
	"maps"
	"slices"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// The copy functions return the thing as the store keeps it: with kept times,
// and sharing nothing with what was given. The same functions make what is
// handed out.

func copyWorkspace(w posthorn.Workspace) posthorn.Workspace {
	w.CreatedAt, w.UpdatedAt = kept(w.CreatedAt), kept(w.UpdatedAt)
	return w
}

func copyProject(p posthorn.Project) posthorn.Project {
	p.CreatedAt, p.UpdatedAt = kept(p.CreatedAt), kept(p.UpdatedAt)
	return p
}

func copyEnvironment(e posthorn.Environment) posthorn.Environment {
	e.CreatedAt, e.UpdatedAt = kept(e.CreatedAt), kept(e.UpdatedAt)
	return e
}

func copyWebhook(w posthorn.Webhook) posthorn.Webhook {
	w.Events = slices.Clone(w.Events)
	w.Headers = slices.Clone(w.Headers)
	w.Metadata = maps.Clone(w.Metadata)
	w.Secrets = slices.Clone(w.Secrets)
	for i := range w.Secrets {
		w.Secrets[i].ExpiresAt = kept(w.Secrets[i].ExpiresAt)
	}
	w.Retries = copyNumber(w.Retries)
	w.RetrySchedule = slices.Clone(w.RetrySchedule)
	w.RateLimit = copyNumber(w.RateLimit)
	w.Consent.GivenAt = kept(w.Consent.GivenAt)
	w.HoldUntil = kept(w.HoldUntil)
	w.Breaker = copyBreaker(w.Breaker)
	w.CreatedAt, w.UpdatedAt = kept(w.CreatedAt), kept(w.UpdatedAt)
	return w
}

func copyBreaker(b posthorn.Breaker) posthorn.Breaker {
	b.OpenedAt, b.NextProbeAt, b.ChangedAt = kept(b.OpenedAt), kept(b.NextProbeAt), kept(b.ChangedAt)
	return b
}

func copyEventType(t posthorn.EventType) posthorn.EventType {
	t.Retries = copyNumber(t.Retries)
	t.Example = slices.Clone(t.Example)
	t.Schema = slices.Clone(t.Schema)
	t.CreatedAt, t.UpdatedAt = kept(t.CreatedAt), kept(t.UpdatedAt)
	return t
}

func copyFormat(f posthorn.DeclaredFormat) posthorn.DeclaredFormat {
	f.Document = slices.Clone(f.Document)
	f.CreatedAt, f.UpdatedAt = kept(f.CreatedAt), kept(f.UpdatedAt)
	return f
}

func copyKey(k posthorn.Key) posthorn.Key {
	k.CreatedAt, k.RevokedAt = kept(k.CreatedAt), kept(k.RevokedAt)
	return k
}

func copySigningKey(k posthorn.SigningKey) posthorn.SigningKey {
	k.CreatedAt, k.ExpiresAt = kept(k.CreatedAt), kept(k.ExpiresAt)
	return k
}

func copyEvent(e posthorn.Event) posthorn.Event {
	e.Data = slices.Clone(e.Data)
	e.Timestamp, e.AcceptedAt = kept(e.Timestamp), kept(e.AcceptedAt)
	return e
}

func copyDelivery(d posthorn.Delivery) posthorn.Delivery {
	d.DueAt = kept(d.DueAt)
	d.CreatedAt, d.UpdatedAt = kept(d.CreatedAt), kept(d.UpdatedAt)
	return d
}

func copyAttempt(a posthorn.Attempt) posthorn.Attempt {
	a.StartedAt = kept(a.StartedAt)
	a.Outcome.ResponseBody = slices.Clone(a.Outcome.ResponseBody)
	return a
}

func copyReplay(r posthorn.Replay) posthorn.Replay {
	r.Statuses = slices.Clone(r.Statuses)
	r.Made.From, r.Made.Until = kept(r.Made.From), kept(r.Made.Until)
	r.CreatedAt, r.UpdatedAt = kept(r.CreatedAt), kept(r.UpdatedAt)
	return r
}

func copyAnswer(a store.Answer) store.Answer {
	a.Body = slices.Clone(a.Body)
	a.CreatedAt = kept(a.CreatedAt)
	return a
}

func copyNumber(n *int) *int {
	if n == nil {
		return nil
	}
	number := *n
	return &number
}

func copyAll[T any](list []T, copyOne func(T) T) []T {
	for i := range list {
		list[i] = copyOne(list[i])
	}
	return list
}
