package wire

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// scope is what the values of one request are taken from. The fields below the
// input are filled in as the request is made.
type scope struct {
	in Input // not a pointer: what hashes and errors are given would take it to the heap
	// eventID is made once; it stands in most requests more than once.
	eventID string
	// limit is how long a template's text may become, in bytes.
	limit int
	body  []byte
	// secret and keyID are what signs just now; afterwards secret is the newest.
	secret posthorn.Secret
	keyID  string
	signed []signed
	// current is the signature that a template is written for, if it isn't the
	// newest of its scheme.
	current *signed
	sha256  []byte
	sha512  []byte
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
	case eventTimestampSecondsValue:
		return strconv.AppendInt(dst, s.in.Event.Timestamp.Unix(), 10), nil
	case eventTimestampMsValue:
		return strconv.AppendInt(dst, s.in.Event.Timestamp.UnixMilli(), 10), nil
	case eventDataValue:
		return append(dst, s.in.Event.Data...), nil
	case timestampValue:
		return strconv.AppendInt(dst, s.in.Now.Unix()+p.offset, 10), nil
	case timestampMsValue:
		return strconv.AppendInt(dst, s.in.Now.UnixMilli()+p.offset, 10), nil
	case timeValue:
		return appendTime(dst, s.in.Now), nil
	case deliveryIDValue:
		return append(dst, s.in.DeliveryID.String()...), nil
	case attemptNumberValue:
		return strconv.AppendInt(dst, int64(s.in.AttemptNumber), 10), nil
	default:
		return s.appendWebhookValue(dst, p)
	}
}

// appendRendered writes what exists only after the body was rendered.
func (s *scope) appendRendered(dst []byte, p *part) ([]byte, error) {
	switch p.value {
	case bodyValue:
		return append(dst, s.body...), nil
	case digestSHA256Value:
		if s.sha256 == nil {
			digest := sha256.Sum256(s.body)
			s.sha256 = digest[:]
		}
		return signature.Encoding(p.encoding).Append(dst, s.sha256), nil
	case digestSHA512Value:
		if s.sha512 == nil {
			digest := sha512.Sum512(s.body)
			s.sha512 = digest[:]
		}
		return signature.Encoding(p.encoding).Append(dst, s.sha512), nil
	case secretValue:
		return append(dst, s.secret.Reveal()...), nil
	case keyIDValue:
		if s.keyID == "" {
			return append(dst, s.signedBy(p.scheme).keyID...), nil
		}
		return append(dst, s.keyID...), nil
	case signatureValue:
		return append(dst, s.signedBy(p.scheme).text...), nil
	case messageInputValue, messageSignatureValue:
		return s.appendMessage(dst, p.value), nil
	default:
		return nil, fmt.Errorf("the value %d has no meaning", p.value)
	}
}

// signedBy returns the signature of a scheme that a template is about: the
// current one or the newest.
func (s *scope) signedBy(scheme int) signed {
	if s.current != nil && s.current.scheme == scheme {
		return *s.current
	}
	for i := range s.signed {
		if s.signed[i].scheme == scheme {
			return s.signed[i]
		}
	}
	return signed{}
}

func (s *scope) hasSigned(scheme int) bool {
	return slices.ContainsFunc(s.signed, func(one signed) bool { return one.scheme == scheme })
}

func (s *scope) hasMessage() bool {
	return slices.ContainsFunc(s.signed, func(one signed) bool { return one.label != "" })
}

// appendMessage writes the dictionary of all message signatures (RFC 9421,
// section 4).
func (s *scope) appendMessage(dst []byte, v value) []byte {
	separator := ""
	for i := range s.signed {
		one := &s.signed[i]
		if one.label == "" {
			continue
		}
		dst = append(append(append(dst, separator...), one.label...), '=')
		if v == messageInputValue {
			dst = append(dst, one.parameters...)
		} else {
			dst = append(append(append(dst, ':'), one.text...), ':')
		}
		separator = ", "
	}
	return dst
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
		return s.appendRendered(dst, p)
	}
}

// appendTime writes a moment by RFC 3339, in UTC and whole seconds.
func appendTime(dst []byte, moment time.Time) []byte {
	return moment.UTC().AppendFormat(dst, "2006-01-02T15:04:05Z")
}
