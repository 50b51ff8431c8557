package manage

import (
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

// maxDetections bounds the searches that are under way at once; each is at work
// for a second at most.
const maxDetections = 2

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

// Verify says whether a captured request is valid, and else why not. It returns
// posthorn.ErrBusy when too many are being looked into.
func (m *Manager) Verify(ctx context.Context, p Principal, q VerifyQuestion) (detect.Diagnosis, error) {
	var webhook posthorn.Webhook
	var err error
	if !q.WebhookID.IsZero() {
		if webhook, err = m.webhook(ctx, p, q.WebhookID); err != nil {
			return detect.Diagnosis{}, err
		}
		q.Scope = Scope{WorkspaceID: webhook.WorkspaceID}
	}
	known, err := m.everyFormat(ctx, p, q.Scope)
	if err != nil {
		return detect.Diagnosis{}, err
	}
	request, err := detect.ReadRequest(q.Request)
	if err != nil {
		return detect.Diagnosis{}, placedAt("/request", err)
	}
	question := detect.Question{Request: request, Format: q.Format, Known: known, Now: q.ReceivedAt}
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
	release, err := m.takeDetection()
	if err != nil {
		return detect.Diagnosis{}, err
	}
	defer release()
	return detect.Diagnose(ctx, question)
}

// InferFormat finds the format that makes a captured request. It returns
// posthorn.ErrBusy when too many are being looked into.
func (m *Manager) InferFormat(ctx context.Context, p Principal, s Scope, text []byte, secrets []string, name string) (detect.Inference, error) {
	known, err := m.everyFormat(ctx, p, s)
	if err != nil {
		return detect.Inference{}, err
	}
	request, err := detect.ReadRequest(text)
	if err != nil {
		return detect.Inference{}, placedAt("/request", err)
	}
	release, err := m.takeDetection()
	if err != nil {
		return detect.Inference{}, err
	}
	defer release()
	return detect.Infer(ctx, detect.Example{Request: request, Secrets: secrets, Name: name, Known: known})
}

func (m *Manager) takeDetection() (func(), error) {
	select {
	case m.detections <- struct{}{}:
		return func() { <-m.detections }, nil
	default:
		return nil, posthorn.ErrBusy
	}
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

// everyFormat returns the formats that a workspace can use.
func (m *Manager) everyFormat(ctx context.Context, p Principal, s Scope) ([]posthorn.Format, error) {
	const most = 200
	all, err := m.Formats(ctx, p, s, "", most)
	if err != nil {
		return nil, err
	}
	formats := make([]posthorn.Format, 0, len(all))
	for _, one := range all {
		formats = append(formats, one.Format)
	}
	return formats, nil
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
	if question.Format == "" {
		question.Format = webhook.Format
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
		if event.EnvironmentID != webhook.EnvironmentID {
			continue
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
