package wire

import (
	"fmt"
	"slices"
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
	// Keys are the signing keys of the environment, newest first; those that have
	// expired, or are for other algorithms than the format's, sign nothing.
	Keys []posthorn.SigningKey
}

// Bounds of what is made of an event, so that no format makes much of little:
// the body is at most maxOfData times its data and maxBeside bytes, what is signed
// at most maxOfBody times the body and that. A header that is longer than
// maxOfHeader can't be sent anyway.
const (
	maxBeside   = 128 << 10
	maxOfData   = 4
	maxOfBody   = maxPlaces
	maxOfHeader = 4 * posthorn.MaxHeaderValue
)

// Render makes the request: the exact bytes and headers to send. The same input
// always gives the same request. It returns an *posthorn.Error with CodeInvalid
// when there is no valid secret or signing key that the format needs, when metadata that the format names is missing,
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
	s := scope{in: in, eventID: in.Event.PublicID(), limit: maxBeside + maxOfData*len(in.Event.Data)}
	if len(secrets) > 0 {
		s.secret = secrets[0]
	}
	body, err := d.body.appendTo(make([]byte, 0, d.bodyBytes+len(in.Event.Data)), &s)
	if err != nil {
		return posthorn.Request{}, err
	}
	s.body, s.limit = body, maxBeside+maxOfBody*len(body)
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
	if err := d.sign(s, secrets); err != nil {
		return nil, err
	}
	s.limit = maxOfHeader
	// All values are written one behind the other and cut out of one string.
	text := make([]byte, 0, 384)
	ends := make([]lineEnd, 0, posthorn.MaxHeaders)
	for i := range d.headers {
		var err error
		if text, ends, err = d.appendHeader(text, ends, i, s); err != nil {
			return nil, err
		}
	}
	headers := make([]posthorn.Header, 0, 1+len(ends)+len(s.in.Webhook.Headers))
	headers = append(headers, posthorn.Header{Name: "Content-Type", Value: d.format.ContentType})
	values, start := string(text), 0
	for _, line := range ends {
		headers = append(headers, posthorn.Header{Name: d.headers[line.header].name, Value: values[start:line.end]})
		start = line.end
	}
	own := len(headers)
	for _, header := range s.in.Webhook.Headers {
		if !d.hasHeader(header.Name) {
			headers = append(headers, header)
		}
	}
	return headers, checkSendable(headers, own)
}

// lineEnd is where the value of a line ends, and which header of the format it
// is.
type lineEnd struct{ header, end int }

// appendHeader writes a header: with the newest signatures, and with the others
// behind them, or in lines of their own, where the format has room for several.
// A header whose signature nobody made is left out.
func (d *Dialect) appendHeader(text []byte, ends []lineEnd, index int, s *scope) ([]byte, []lineEnd, error) {
	header := &d.headers[index]
	if d.isLeftOut(header, s) {
		return text, ends, nil
	}
	text, err := header.value.appendTo(text, s)
	if err != nil {
		return nil, nil, err
	}
	newest := s.secret
	for i := range s.signed {
		one := &s.signed[i]
		if several := d.schemes[one.scheme].several; several != nil && header.hasRoomFor(one) {
			s.current, s.secret = one, one.secret
			if text, err = several.appendTo(text, s); err != nil {
				return nil, nil, err
			}
		}
	}
	ends = append(ends, lineEnd{index, len(text)})
	for i := range s.signed {
		one := &s.signed[i]
		if one.scheme == header.lines && one.number > 0 {
			s.current, s.secret = one, one.secret
			if text, err = header.value.appendTo(text, s); err != nil {
				return nil, nil, err
			}
			ends = append(ends, lineEnd{index, len(text)})
		}
	}
	s.current, s.secret = nil, newest
	return text, ends, nil
}

func (d *Dialect) isLeftOut(header *compiledHeader, s *scope) bool {
	for _, scheme := range header.schemes {
		if d.schemes[scheme].scheme.IsOptional && !s.hasSigned(scheme) {
			return true
		}
	}
	return header.message && !s.hasMessage()
}

// hasRoomFor reports whether a signature is appended to the header.
func (h *compiledHeader) hasRoomFor(one *signed) bool {
	return slices.Contains(h.appended, one.scheme) || one.number > 0 && slices.Contains(h.schemes, one.scheme)
}

// hasHeader reports whether a header belongs to the format, be it sent this time
// or not.
func (d *Dialect) hasHeader(name string) bool {
	if strings.EqualFold(name, "Content-Type") {
		return true
	}
	for i := range d.headers {
		if strings.EqualFold(d.headers[i].name, name) {
			return true
		}
	}
	return false
}

// checkSendable is the last look before the headers leave: at what the templates
// made of values, and at the webhook's own headers, which begin at own.
func checkSendable(headers []posthorn.Header, own int) error {
	for i, header := range headers {
		if i >= own {
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
