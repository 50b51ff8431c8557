package manage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// FormatTrial says what request to make of a format, and of which one.
type FormatTrial struct {
	EnvironmentID posthorn.EnvironmentID
	// Version names a format, in its newest version if that is zero; Text is one that needn't be
	// saved. With neither it is the webhook's.
	Version posthorn.FormatVersion
	Text    []byte
	// WebhookID names the webhook whose URL, headers, metadata and secrets are used;
	// zero for none.
	WebhookID posthorn.WebhookID
	// The rest replaces what is the webhook's. Without both, the secret is a random
	// one, as is a signing key that the environment doesn't have.
	URL      string
	Secret   posthorn.Secret
	Metadata map[string]string
	Event    TrialEvent
}

// TrialEvent is the event of a trial. What it leaves out is made up.
type TrialEvent struct {
	ID        string
	Type      string
	Data      []byte
	Timestamp time.Time
}

// The answers to whose secret a trial was signed with.
const (
	SecretGiven     = "given"
	SecretOfWebhook = "webhook"
	SecretRandom    = "random"
)

// FormatPreview is a request that was made of a format.
type FormatPreview struct {
	Format FormatDetails
	// Secret says whose secret signed it.
	Secret  string
	Request posthorn.Request
	// Message is the request as it goes over the wire.
	Message []byte
	event   posthorn.Event
	// workspace is whose trial it is.
	workspace posthorn.WorkspaceID
}

// exampleURL is where a trial's request would go if nothing else is said.
const exampleURL = "https://example.com/webhooks"

// PreviewFormat makes the request that would be sent now, and sends nothing.
func (m *Manager) PreviewFormat(ctx context.Context, p Principal, t FormatTrial) (FormatPreview, error) {
	return m.tryFormat(ctx, p, t, exampleURL)
}

// TestFormat makes the request and sends it once, now. Nothing is kept. It
// returns posthorn.ErrBusy when too many tests are under way, and an *posthorn.Error
// with posthorn.CodeRateLimited when too many of them are the workspace's own.
func (m *Manager) TestFormat(ctx context.Context, p Principal, t FormatTrial) (TestResult, error) {
	if !t.WebhookID.IsZero() {
		if webhook, err := m.webhook(ctx, p, t.WebhookID); err != nil || webhook.AwaitsConsent() {
			return TestResult{}, cmp.Or(err, awaitsConsent())
		}
	}
	preview, err := m.tryFormat(ctx, p, t, "")
	if err != nil {
		return TestResult{}, err
	}
	outcome, err := m.sendTest(ctx, preview.workspace, preview.Request)
	if err != nil {
		return TestResult{}, err
	}
	outcome = judge(preview.Format.Format, outcome)
	return TestResult{Delivered: outcome.Succeeded(), EventID: preview.event.ID, Request: preview.Request, Outcome: outcome}, nil
}

func (m *Manager) tryFormat(ctx context.Context, p Principal, t FormatTrial, url string) (FormatPreview, error) {
	webhook, environment, err := m.trialWebhook(ctx, p, t, url)
	if err != nil {
		return FormatPreview{}, err
	}
	preview := FormatPreview{Secret: SecretOfWebhook, workspace: webhook.WorkspaceID}
	if t.Secret != "" {
		preview.Secret = SecretGiven
	} else if t.WebhookID.IsZero() {
		preview.Secret = SecretRandom
	}
	dialect, declared, err := m.trialDialect(ctx, t, webhook)
	if err != nil {
		return FormatPreview{}, err
	}
	preview.Format = FormatDetails{Format: dialect.Format(), Declared: declared}
	in := m.sample(webhook)
	own, err := m.fitting(ctx, dialect, environment.ID)
	if err != nil {
		return FormatPreview{}, err
	}
	in.EnvironmentKind, in.Keys = environment.Kind, m.keysOrStandIns(own, webhook)
	if err := t.Event.apply(&in.Event); err != nil {
		return FormatPreview{}, err
	}
	preview.event = in.Event
	if preview.Request, err = dialect.Render(in); err != nil {
		return FormatPreview{}, passOn("rendering the request", err)
	}
	if preview.Message, err = m.message(preview.Request); err != nil {
		return FormatPreview{}, fmt.Errorf("writing the request: %w", err)
	}
	return preview, nil
}

// trialWebhook is the named webhook, or one that exists for the trial alone, with
// what the trial says of it.
func (m *Manager) trialWebhook(ctx context.Context, p Principal, t FormatTrial, url string) (posthorn.Webhook, posthorn.Environment, error) {
	var webhook posthorn.Webhook
	environmentID := t.EnvironmentID
	if !t.WebhookID.IsZero() {
		named, err := m.webhook(ctx, p, t.WebhookID)
		if err != nil {
			return posthorn.Webhook{}, posthorn.Environment{}, err
		}
		if !environmentID.IsZero() && environmentID != named.EnvironmentID {
			return posthorn.Webhook{}, posthorn.Environment{}, posthorn.ErrNotFound
		}
		webhook, environmentID = named, named.EnvironmentID
	}
	environment, err := m.environment(ctx, p, environmentID)
	if err != nil {
		return posthorn.Webhook{}, posthorn.Environment{}, err
	}
	if t.WebhookID.IsZero() {
		webhook = posthorn.Webhook{
			ID: posthorn.NewID[posthorn.WebhookID](m.now(), m.random), WorkspaceID: environment.WorkspaceID, ProjectID: environment.ProjectID,
			EnvironmentID: environment.ID, Name: "trial", URL: url, Events: []string{"*"}, Format: environment.DefaultFormat, Timeout: posthorn.DefaultTimeout,
			Concurrency: posthorn.DefaultConcurrency, Secrets: []posthorn.SigningSecret{{Value: posthorn.NewSecret(m.random)}}, Status: posthorn.WebhookActive,
		}
	}
	if t.URL != "" {
		webhook.URL = t.URL
	}
	if webhook.URL == "" {
		return posthorn.Webhook{}, posthorn.Environment{}, posthorn.Invalid("/url", "There is nowhere to send to.", "Give a url or a webhookId.")
	}
	if t.Secret != "" {
		webhook.Secrets = []posthorn.SigningSecret{{Value: t.Secret}}
	}
	if t.Metadata != nil {
		webhook.Metadata = t.Metadata
	}
	var problems posthorn.Problems
	problems.Add(m.checkAddress(webhook.URL, environment.Kind))
	if t.Secret != "" {
		problems.Add(posthorn.ValidateSecret("/secret", t.Secret))
	}
	problems.Add(posthorn.ValidateMetadata(webhook.Metadata))
	return webhook, environment, problems.Err()
}

func (m *Manager) trialDialect(ctx context.Context, t FormatTrial, w posthorn.Webhook) (*wire.Dialect, *posthorn.DeclaredFormat, error) {
	version := t.Version
	switch {
	case len(t.Text) > 0 && version.Name != "":
		return nil, nil, posthorn.Invalid("/format", "There are both a name and a format.", "Give one of them.")
	case len(t.Text) > 0:
		dialect, err := readDialect("", t.Text)
		return dialect, nil, inFormat(err)
	case version.Name == "":
		version.Name = w.Format
	}
	if version.Version == 0 {
		if dialect, exists := m.formats.BuiltIn(version.Name); exists {
			return dialect, nil, nil
		}
	}
	declared, err := m.declared(ctx, w.WorkspaceID, version)
	if err != nil {
		return nil, nil, err
	}
	dialect, err := m.formats.Declared(ctx, w.WorkspaceID, declared.FormatVersion)
	if err != nil {
		return nil, nil, passOn("reading a format", err)
	}
	return dialect, &declared, nil
}

// apply puts into an event what the trial says of it.
func (e TrialEvent) apply(event *posthorn.Event) error {
	var problems posthorn.Problems
	if e.Type != "" {
		problems.Add(posthorn.ValidateEventTypeName("/event/type", e.Type))
		event.Type = e.Type
	}
	if e.ID != "" {
		if problem := posthorn.ValidateGivenID(e.ID); problem != nil {
			problem.Pointer = "/event/id"
			problems.Add(problem)
		}
		event.GivenID = e.ID
	}
	if len(e.Data) > 0 {
		event.Data = e.Data
	}
	if !e.Timestamp.IsZero() {
		event.Timestamp = e.Timestamp
	}
	return problems.Err()
}

// inFormat moves the places of a format's mistakes to where it stands in a
// trial's body.
func inFormat(err error) error {
	var first *posthorn.Error
	if !errors.As(err, &first) {
		return err
	}
	moved := *first
	moved.Pointer = "/format" + moved.Pointer
	moved.Others = make([]*posthorn.Error, len(first.Others))
	for i, other := range first.Others {
		one := *other
		one.Pointer = "/format" + one.Pointer
		moved.Others[i] = &one
	}
	return &moved
}
