package wire

import (
	"fmt"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// Input is everything that a request depends on. The ids of the workspace, the
// project and the environment are the webhook's.
type Input struct {
	Event           posthorn.Event
	Webhook         posthorn.Webhook
	EnvironmentKind posthorn.EnvironmentKind
	DeliveryID      posthorn.DeliveryID
	// AttemptNumber counts from 1.
	AttemptNumber int
	// Now is the moment of the attempt, which is what gets signed.
	Now time.Time
}

// Render makes the request: the exact bytes and headers to send. The same input
// always gives the same request. It returns an *posthorn.Error with CodeInvalid
// when there is no valid secret, when metadata that the format names is missing,
// or when a header would come out with characters that can't be sent; the error
// shows no secret.
func (d *Dialect) Render(in Input) (posthorn.Request, error) {
	if len(in.Event.Data) == 0 {
		return posthorn.Request{}, posthorn.Invalid("", "The event has no data.", "Data is a JSON value; an empty one is null.")
	}
	secrets := in.Webhook.SigningSecrets(in.Now)
	if d.needsSecret && len(secrets) == 0 {
		return posthorn.Request{}, posthorn.Invalid("", "The webhook has no secret that is still valid.", "Set or rotate its secret.")
	}
	s := scope{in: &in, eventID: in.Event.PublicID()}
	if len(secrets) > 0 {
		s.secret = secrets[0]
	}
	const perValue = 48 // most values are shorter; a longer one makes the slice grow
	body, err := d.body.appendTo(make([]byte, 0, d.literalBytes+len(in.Event.Data)+perValue*len(d.body)), &s)
	if err != nil {
		return posthorn.Request{}, err
	}
	s.body = body
	headers, err := d.renderHeaders(&s, secrets)
	if err != nil {
		return posthorn.Request{}, err
	}
	return posthorn.Request{
		URL:             in.Webhook.URL,
		Headers:         headers,
		Body:            body,
		Timeout:         in.Webhook.Timeout,
		EnvironmentKind: in.EnvironmentKind,
	}, nil
}

// renderHeaders returns Content-Type, the format's headers and those of the
// webhook that override none of them.
func (d *Dialect) renderHeaders(s *scope, secrets []posthorn.Secret) ([]posthorn.Header, error) {
	signatures, err := d.sign(s, secrets)
	if err != nil {
		return nil, err
	}
	// All values are written one behind the other and cut out of one string.
	text := make([]byte, 0, 384)
	ends := make([]int, 0, posthorn.MaxHeaders)
	for i := range d.headers {
		if text, err = d.appendHeader(text, &d.headers[i], s, secrets, signatures); err != nil {
			return nil, err
		}
		ends = append(ends, len(text))
	}
	headers := make([]posthorn.Header, 0, 1+len(d.headers)+len(s.in.Webhook.Headers))
	headers = append(headers, posthorn.Header{Name: "Content-Type", Value: d.format.ContentType})
	values, start := string(text), 0
	for i, end := range ends {
		headers = append(headers, posthorn.Header{Name: d.headers[i].name, Value: values[start:end]})
		start = end
	}
	for _, header := range s.in.Webhook.Headers {
		if !hasHeader(headers[:1+len(d.headers)], header.Name) {
			headers = append(headers, header)
		}
	}
	return headers, d.checkSendable(headers)
}

// appendHeader writes a header's value: with the newest signature, and with
// the others behind it where the format has room for several.
func (d *Dialect) appendHeader(dst []byte, header *compiledHeader, s *scope, secrets []posthorn.Secret, signatures [][]byte) ([]byte, error) {
	if len(signatures) > 0 {
		s.signature = signatures[0]
	}
	dst, err := header.value.appendTo(dst, s)
	if err != nil || !header.signed {
		return dst, err
	}
	for i := 1; i < len(signatures); i++ {
		further := *s
		further.signature, further.secret = signatures[i], secrets[i]
		if dst, err = d.several.appendTo(dst, &further); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func hasHeader(headers []posthorn.Header, name string) bool {
	for _, header := range headers {
		if strings.EqualFold(header.Name, name) {
			return true
		}
	}
	return false
}

// checkSendable is the last look before the headers leave: at what the templates
// made of values, and at the webhook's own headers, which follow the format's.
func (d *Dialect) checkSendable(headers []posthorn.Header) error {
	for i, header := range headers {
		if i > len(d.headers) {
			if err := posthorn.ValidateHeaderName("", header.Name); err != nil {
				return err
			}
		}
		if err := posthorn.ValidateHeaderValue("", header.Value); err != nil {
			return posthorn.Invalid("", fmt.Sprintf("The header %s can't be sent: its value is too long, or has control or non-ASCII characters.", header.Name), "Look at the values that the format puts into it.")
		}
	}
	return nil
}
