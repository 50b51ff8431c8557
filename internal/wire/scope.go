package wire

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"github.com/posthorn/posthorn"
)

// scope is what the values of one request are taken from. The fields below the
// input are filled in as the request is made.
type scope struct {
	in *Input
	// eventID is made once; it stands in most requests more than once.
	eventID   string
	body      []byte
	secret    posthorn.Secret
	signature []byte
}

// appendValue writes what a placeholder stands for behind dst.
func (s *scope) appendValue(dst []byte, p *part) ([]byte, error) {
	switch p.value {
	case eventIDValue:
		return append(dst, s.eventID...), nil
	case eventTypeValue:
		return append(dst, s.in.Event.Type...), nil
	case eventTimestampValue:
		return appendTime(dst, s.in.Event.Timestamp), nil
	case eventTimestampMsValue:
		return strconv.AppendInt(dst, s.in.Event.Timestamp.UnixMilli(), 10), nil
	case eventDataValue:
		return append(dst, s.in.Event.Data...), nil
	case timestampValue:
		return strconv.AppendInt(dst, s.in.Now.Unix(), 10), nil
	case timestampMsValue:
		return strconv.AppendInt(dst, s.in.Now.UnixMilli(), 10), nil
	case timeValue:
		return appendTime(dst, s.in.Now), nil
	case deliveryIDValue:
		return append(dst, s.in.DeliveryID.String()...), nil
	case attemptNumberValue:
		return strconv.AppendInt(dst, int64(s.in.AttemptNumber), 10), nil
	case bodyValue:
		return append(dst, s.body...), nil
	case digestSHA256Value:
		digest := sha256.Sum256(s.body)
		return base64.StdEncoding.AppendEncode(dst, digest[:]), nil
	case secretValue:
		return append(dst, s.secret.Reveal()...), nil
	case signatureValue:
		return append(dst, s.signature...), nil
	default:
		return s.appendWebhookValue(dst, p)
	}
}

func (s *scope) appendWebhookValue(dst []byte, p *part) ([]byte, error) {
	webhook := &s.in.Webhook
	switch p.value {
	case webhookIDValue:
		return append(dst, webhook.ID.String()...), nil
	case webhookURLValue:
		return append(dst, webhook.URL...), nil
	case workspaceIDValue:
		return append(dst, webhook.WorkspaceID.String()...), nil
	case projectIDValue:
		return append(dst, webhook.ProjectID.String()...), nil
	case environmentIDValue:
		return append(dst, webhook.EnvironmentID.String()...), nil
	case metadataValue:
		value, found := webhook.Metadata[p.name]
		if !found {
			return nil, posthorn.Invalid("", fmt.Sprintf("The format needs the webhook's metadata %q, and there is none of that name.", p.name), "Add it to the webhook's metadata.")
		}
		return append(dst, value...), nil
	default:
		return nil, fmt.Errorf("the value %d has no meaning", p.value)
	}
}

// appendTime writes a moment by RFC 3339, in UTC and whole seconds.
func appendTime(dst []byte, moment time.Time) []byte {
	return moment.UTC().AppendFormat(dst, "2006-01-02T15:04:05Z")
}
