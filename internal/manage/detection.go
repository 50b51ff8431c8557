package manage

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/detect"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/wire"
)

// VerifyQuestion asks whether a captured request is valid.
type VerifyQuestion struct {
	// Request is the text of the request: see detect.ReadRequest.
	Request []byte
	// WebhookID names the webhook that it was sent to, whose secrets, format and
	// events are then known; zero for none.
	WebhookID posthorn.WebhookID
	// Scope says whose formats are meant, without a webhook.
	Scope Scope
	// Secrets are further ones, or all.
	Secrets []string
	// Format is what it should be; the webhook's, or else any, when empty.
	Format string
	// ReceivedAt is when it came; now when zero.
	ReceivedAt time.Time
}

// Verify says whether a captured request is valid, and else why not. While one of
// the same workspace is being looked into it returns an *posthorn.Error with
// posthorn.CodeRateLimited, and posthorn.ErrBusy when there are too many in all.
func (m *Manager) Verify(ctx context.Context, p Principal, q VerifyQuestion) (detect.Diagnosis, error) {
	if err := tooManySecrets(q.Secrets); err != nil {
		return detect.Diagnosis{}, err
	}
	var webhook posthorn.Webhook
	var err error
	if !q.WebhookID.IsZero() {
		if webhook, err = m.webhook(ctx, p, q.WebhookID); err != nil {
			return detect.Diagnosis{}, err
		}
		q.Scope = Scope{WorkspaceID: webhook.WorkspaceID}
		q.Format = cmp.Or(q.Format, webhook.Format)
	}
	captured, release, err := m.readCaptured(ctx, p, q.Scope, q.Request, q.Format)
	if err != nil {
		return detect.Diagnosis{}, err
	}
	defer release()
	question := detect.Question{
		Request: captured.request, Format: q.Format, Known: captured.known, IsPartial: captured.isPartial, Budget: captured.budget, Now: q.ReceivedAt,
	}
	if question.Now.IsZero() {
		question.Now = question.Request.ReceivedAt
	}
	if question.Now.IsZero() {
		question.Now = m.now()
	}
	for _, secret := range q.Secrets {
		question.Secrets = append(question.Secrets, detect.Secret{Value: secret})
	}
	if !q.WebhookID.IsZero() {
		if err := m.addWebhook(ctx, p, &question, webhook); err != nil {
			return detect.Diagnosis{}, err
		}
	}
	return detect.Diagnose(ctx, question)
}

// InferFormat finds the format that makes a captured request. It returns the
// errors of Verify.
func (m *Manager) InferFormat(ctx context.Context, p Principal, s Scope, text []byte, secrets []string, name string) (detect.Inference, error) {
	if err := tooManySecrets(secrets); err != nil {
		return detect.Inference{}, err
	}
	captured, release, err := m.readCaptured(ctx, p, s, text, "")
	if err != nil {
		return detect.Inference{}, err
	}
	defer release()
	return detect.Infer(ctx, detect.Example{
		Request: captured.request, Secrets: secrets, Name: name, Known: captured.known, IsPartial: captured.isPartial, Budget: captured.budget,
	})
}

// tooManySecrets refuses more secrets than are tried, before those that the server
// knows are added.
func tooManySecrets(secrets []string) error {
	if len(secrets) <= detect.MaxSecrets {
		return nil
	}
	return posthorn.Invalid("/secrets", fmt.Sprintf("There are %d secrets, more than the %d allowed.", len(secrets), detect.MaxSecrets), "Give those that may have signed the request.")
}

// captured is a request that is looked into.
type captured struct {
	request detect.Request
	known   []posthorn.Format
	// isPartial: the workspace has more formats than are known.
	isPartial bool
	// budget is what may still be spent on it.
	budget *detect.Budget
}

// readCaptured takes a place among the searches before anything that costs, and
// returns what gives it back.
func (m *Manager) readCaptured(ctx context.Context, p Principal, s Scope, text []byte, format string) (captured, func(), error) {
	workspace, err := m.workspaceOf(ctx, p, s)
	if err != nil {
		return captured{}, nil, err
	}
	release, err := m.detections.take(workspace)
	if err != nil {
		return captured{}, nil, err
	}
	c := captured{budget: detect.NewBudget(ctx, detect.SmallBudget)}
	c.budget.TakeRequest(len(text))
	if c.request, err = detect.ReadRequest(text); err != nil {
		release()
		return captured{}, nil, placedAt("/request", err)
	}
	if err := m.addFormats(ctx, workspace, format, &c); err != nil {
		release()
		return captured{}, nil, err
	}
	return c, release, nil
}

func placedAt(pointer string, err error) error {
	var problem *posthorn.Error
	if !errors.As(err, &problem) {
		return err
	}
	placed := *problem
	placed.Pointer = pointer
	return &placed
}

// addFormats adds the formats that a workspace can use: the built-in ones, the one
// that is asked for, and its others as far as half of the budget goes.
func (m *Manager) addFormats(ctx context.Context, workspace posthorn.WorkspaceID, wanted string, c *captured) error {
	c.known = append(c.known, m.formats.Formats()...)
	if _, isBuiltIn := m.formats.BuiltIn(wanted); wanted != "" && !isBuiltIn {
		declared, err := m.declared(ctx, workspace, posthorn.FormatVersion{Name: wanted})
		if errors.Is(err, posthorn.ErrNotFound) {
			return nil // it is told with what else is wrong
		}
		if err != nil {
			return err
		}
		if err := c.add(declared); err != nil {
			return err
		}
	}
	const page = 50
	for after := ""; ; {
		own, err := m.store.Formats(ctx, workspace, after, page)
		if err != nil {
			return passOn("listing formats", err)
		}
		for _, declared := range own {
			if declared.Name == wanted {
				continue
			}
			if c.isPartial = c.budget.Left() < detect.SmallBudget/2; c.isPartial {
				return nil
			}
			if err := c.add(declared); err != nil {
				return err
			}
		}
		if len(own) < page {
			return nil
		}
		after = own[len(own)-1].Name
	}
}

func (c *captured) add(declared posthorn.DeclaredFormat) error {
	c.budget.TakeDocument(len(declared.Document))
	read, err := detailsOfFormat(declared)
	if err != nil {
		return err
	}
	c.known = append(c.known, read.Format)
	return nil
}

// addWebhook adds what the server knows of a webhook: its secrets, former ones as
// such, the public keys of its environment, its format, and the request that it
// was sent.
func (m *Manager) addWebhook(ctx context.Context, p Principal, question *detect.Question, webhook posthorn.Webhook) error {
	now := m.now()
	for _, secret := range webhook.Secrets {
		isFormer := !secret.ExpiresAt.IsZero() && !now.Before(secret.ExpiresAt)
		question.Secrets = append(question.Secrets, detect.Secret{Value: secret.Value.Reveal(), IsFormer: isFormer, EndedAt: secret.ExpiresAt})
	}
	dialect, err := m.findDialect(ctx, "", webhook.WorkspaceID, webhook.Format)
	if err != nil {
		return err
	}
	own, err := m.fitting(ctx, dialect, webhook.EnvironmentID)
	if err != nil {
		return err
	}
	for _, key := range own.keys {
		der, err := x509.MarshalPKIXPublicKey(key.Private.Public())
		if err != nil {
			return fmt.Errorf("writing a public key: %w", err)
		}
		question.Secrets = append(question.Secrets, detect.Secret{Value: "-----BEGIN PUBLIC KEY-----\n" + base64.StdEncoding.EncodeToString(der) + "\n-----END PUBLIC KEY-----\n", IsFormer: !key.IsValid(now), EndedAt: key.ExpiresAt})
	}
	if len(question.Secrets) > detect.MaxSecrets {
		question.Secrets = question.Secrets[:detect.MaxSecrets]
	}
	question.Sent, err = m.sentTo(ctx, p, &question.Request, webhook, own)
	return err
}

// sentTo makes the request again that was sent to a webhook, if it names an event
// that the webhook has a delivery of; nil if it doesn't.
func (m *Manager) sentTo(ctx context.Context, p Principal, request *detect.Request, webhook posthorn.Webhook, own fitting) (*detect.Sent, error) {
	for _, id := range request.EventIDs() {
		event, err := m.Event(ctx, p, webhook.EnvironmentID, id)
		if errors.Is(err, posthorn.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		signedAt := request.SignedAt()
		if signedAt.IsZero() {
			signedAt = m.now()
		}
		deliveries, err := m.store.Deliveries(ctx, store.DeliveryQuery{EventID: event.ID, WebhookID: webhook.ID, Page: posthorn.Page{Limit: 1}})
		if err != nil {
			return nil, fmt.Errorf("finding what was sent: %w", err)
		}
		if len(deliveries) == 0 {
			return nil, nil
		}
		again, err := own.dialect.Render(wire.Input{
			Event: event, Webhook: webhook, EnvironmentKind: posthorn.Production, Keys: own.keys, DeliveryID: deliveries[0].ID, AttemptNumber: 1, Now: signedAt,
		})
		if err != nil {
			return nil, nil
		}
		return &detect.Sent{URL: again.URL, EventID: event.PublicID(), Body: again.Body}, nil
	}
	return nil, nil
}
