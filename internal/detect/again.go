package detect

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// renderAgain makes the request again with the format and the event that was
// guessed, and says what differs.
func (b *builder) renderAgain(dialect *wire.Dialect, secrets []string) []string {
	in := b.input
	in.Event = posthorn.Event{GivenID: b.id, Type: b.kind, Data: b.data, Timestamp: b.occurred.at}
	in.Now, in.EnvironmentKind = b.now(), posthorn.Production
	in.Webhook.URL = b.request.URL
	in.Webhook.Secrets = make([]posthorn.SigningSecret, 0, len(secrets))
	in.AttemptNumber = max(in.AttemptNumber, 1)
	hasKeys := len(dialect.NeedsKeys()) > 0
	for i, secret := range secrets {
		if publicKeyOf(secret) != nil && hasKeys {
			continue
		}
		one := posthorn.SigningSecret{Value: posthorn.Secret(secret)}
		if i > 0 {
			one.ExpiresAt = in.Now.Add(time.Hour)
		}
		in.Webhook.Secrets = append(in.Webhook.Secrets, one)
	}
	if hasKeys {
		return b.compareBody(dialect, in)
	}
	again, err := dialect.Render(in)
	if err != nil {
		return []string{"The request can't be made again: " + err.Error()}
	}
	return b.compare(again)
}

// compareBody compares the body alone: without the private key nothing can be
// signed.
func (b *builder) compareBody(dialect *wire.Dialect, in wire.Input) []string {
	format := dialect.Format().Clone()
	format.Headers, format.Signatures = nil, []posthorn.SignatureScheme{{Algorithm: posthorn.NotSigned}}
	unsigned, err := wire.Compile(format)
	if err != nil {
		return []string{"The body can't be made again: " + err.Error()}
	}
	again, err := unsigned.Render(in)
	if err != nil {
		return []string{"The body can't be made again: " + err.Error()}
	}
	return compareBodies(b.request, again.Body)
}

func (b *builder) compare(again posthorn.Request) []string {
	differences := compareBodies(b.request, again.Body)
	isSameBody := len(differences) == 0
	for i, header := range b.request.Headers {
		at := slices.IndexFunc(again.Headers, func(h posthorn.Header) bool { return strings.EqualFold(h.Name, header.Name) })
		isOfBody := isDigestHeader(header.Name) || len(b.spans[i]) > 0
		if at < 0 || again.Headers[at].Value == header.Value || isOfBody && !isSameBody {
			continue
		}
		differences = append(differences, fmt.Sprintf("The header %s comes out with another value.", header.Name))
	}
	return differences
}

func compareBodies(captured *Request, again []byte) []string {
	at := firstDifference(captured.Body, again)
	if at < 0 {
		return nil
	}
	one, isJSON := captured.json()
	other, isOtherJSON := parseJSON(again)
	if isJSON && isOtherJSON && bytes.Equal(one.write(style{}), other.write(style{})) {
		return []string{fmt.Sprintf("The body comes out as the same JSON written in another way, from offset %d on: formats write no spaces. The signature is over what is sent.", at)}
	}
	return []string{fmt.Sprintf("The body comes out in another way, from offset %d on.", at)}
}

// firstDifference is the offset of the first byte that differs, or -1.
func firstDifference(one, other []byte) int {
	shorter := min(len(one), len(other))
	for i := range shorter {
		if one[i] != other[i] {
			return i
		}
	}
	if len(one) == len(other) {
		return -1
	}
	return shorter
}
