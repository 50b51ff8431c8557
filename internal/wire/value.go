package wire

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/posthorn/posthorn"
)

// value is what a placeholder stands for.
type value uint8

// The values. literalValue marks a part that is no placeholder.
const (
	literalValue value = iota
	eventIDValue
	eventTypeValue
	eventTimestampValue
	eventTimestampSecondsValue
	eventTimestampMsValue
	eventDataValue
	timestampValue
	timestampMsValue
	timeValue
	deliveryIDValue
	attemptNumberValue
	webhookIDValue
	webhookURLValue
	workspaceIDValue
	projectIDValue
	environmentIDValue
	metadataValue
	bodyValue
	digestSHA256Value
	digestSHA512Value
	secretValue
	keyIDValue
	signatureValue
	messageInputValue
	messageSignatureValue
)

func (v value) isNumber() bool {
	switch v {
	case timestampValue, timestampMsValue, eventTimestampSecondsValue, eventTimestampMsValue, attemptNumberValue:
		return true
	default:
		return false
	}
}

// eventData names the only value that is spliced in raw.
const eventData = "event.data"

const (
	metadataPrefix  = "metadata."
	signaturePrefix = "signature."
)

// place is where a template is used. Each place knows the values of those
// before it, because a request is made in this order.
type place uint8

const (
	inBody place = iota
	inContent
	inHeader
)

// namedValue is a value's name and the first place that knows it.
type namedValue struct {
	name  string
	value value
	first place
}

func namedValues() []namedValue {
	return []namedValue{
		{"event.id", eventIDValue, inBody},
		{"event.type", eventTypeValue, inBody},
		{"event.timestamp", eventTimestampValue, inBody},
		{"event.timestampSeconds", eventTimestampSecondsValue, inBody},
		{"event.timestampMs", eventTimestampMsValue, inBody},
		{"timestamp", timestampValue, inBody},
		{"timestampMs", timestampMsValue, inBody},
		{"time", timeValue, inBody},
		{"delivery.id", deliveryIDValue, inBody},
		{"attempt.number", attemptNumberValue, inBody},
		{"webhook.id", webhookIDValue, inBody},
		{"webhook.url", webhookURLValue, inBody},
		{"workspace.id", workspaceIDValue, inBody},
		{"project.id", projectIDValue, inBody},
		{"environment.id", environmentIDValue, inBody},
		{"body", bodyValue, inContent},
		{"digest.sha256", digestSHA256Value, inContent},
		{"digest.sha512", digestSHA512Value, inContent},
		{"secret", secretValue, inContent},
		{"key.id", keyIDValue, inContent},
		{"signature", signatureValue, inHeader},
		{"message.input", messageInputValue, inHeader},
		{"message.signature", messageSignatureValue, inHeader},
	}
}

// parseValue finds what a name stands for. Behind a digest may stand its
// encoding, and behind a timestamp a number to add: {timestamp+300}.
func (c *compiler) parseValue(pointer, name string, where place) (part, *posthorn.Error) {
	if key, found := strings.CutPrefix(name, metadataPrefix); found && isMetadataName(key) {
		return part{value: metadataValue, name: key}, nil
	}
	if scheme, found := strings.CutPrefix(name, signaturePrefix); found && where == inHeader {
		return c.parseSignatureName(pointer, scheme)
	}
	plain, offset := name, int64(0)
	if base, added, found := strings.Cut(name, "+"); found {
		number, err := strconv.ParseUint(added, 10, 31)
		if err != nil || base != "timestamp" && base != "timestampMs" {
			return part{}, posthorn.Invalid(pointer, fmt.Sprintf("{%s} can't be read.", clip(name)), "Only whole numbers, and only to timestamp and timestampMs, can be added: {timestamp+300}")
		}
		plain, offset = base, int64(number)
	}
	plain, encoding := cutDigestEncoding(plain)
	known := make([]string, 0, 32)
	for _, candidate := range namedValues() {
		if candidate.first > where {
			continue
		}
		if candidate.name == plain {
			found := part{value: candidate.value, offset: offset, encoding: encoding}
			return found, c.checkValue(pointer, &found)
		}
		known = append(known, candidate.name)
	}
	return part{}, posthorn.Invalid(pointer, fmt.Sprintf("The template names {%s}, which isn't known here.", clip(name)),
		"Known here: "+strings.Join(known, ", ")+" and metadata.NAME.")
}

// cutDigestEncoding takes the encoding off a digest's name; base64 goes without
// saying.
func cutDigestEncoding(name string) (string, posthorn.Encoding) {
	if !strings.HasPrefix(name, "digest.") {
		return name, ""
	}
	for _, encoding := range []posthorn.Encoding{posthorn.EncodingHex, posthorn.EncodingBase64, posthorn.EncodingBase64URL} {
		if plain, found := strings.CutSuffix(name, "."+string(encoding)); found {
			return plain, encoding
		}
	}
	return name, posthorn.EncodingBase64
}

// checkValue counts what is costly, and finds the scheme that a value belongs
// to.
func (c *compiler) checkValue(pointer string, p *part) *posthorn.Error {
	if p.value == bodyValue {
		c.places++
	}
	if p.value != keyIDValue {
		return nil
	}
	for i, scheme := range c.format.Signatures {
		if scheme.Algorithm.IsAsymmetric() {
			p.scheme = i
			return nil
		}
	}
	return posthorn.Invalid(pointer, "There is no {key.id}: no scheme of the format signs with keys.", "Use {webhook.id}, or sign with ed25519 or ecdsa-p256-sha256.")
}

func (c *compiler) parseSignatureName(pointer, name string) (part, *posthorn.Error) {
	for i, scheme := range c.format.Signatures {
		if scheme.Name == name && name != "" {
			return part{value: signatureValue, scheme: i}, nil
		}
	}
	return part{}, posthorn.Invalid(pointer, fmt.Sprintf("No signature scheme is called %q.", clip(name)), "Use the name of one of the signatures, or {signature} for the first.")
}

func isMetadataName(name string) bool {
	return name != "" && len(name) <= 64 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}
