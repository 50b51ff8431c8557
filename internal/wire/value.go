package wire

import (
	"fmt"
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
	secretValue
	signatureValue
)

// eventData names the only value that is spliced in raw.
const eventData = "event.data"

const metadataPrefix = "metadata."

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
		{"secret", secretValue, inContent},
		{"signature", signatureValue, inHeader},
	}
}

func parseValue(pointer, name string, where place) (part, *posthorn.Error) {
	if key, found := strings.CutPrefix(name, metadataPrefix); found && isMetadataName(key) {
		return part{value: metadataValue, name: key}, nil
	}
	known := make([]string, 0, 24)
	for _, candidate := range namedValues() {
		if candidate.first > where {
			continue
		}
		if candidate.name == name {
			return part{value: candidate.value}, nil
		}
		known = append(known, candidate.name)
	}
	return part{}, posthorn.Invalid(pointer, fmt.Sprintf("The template names {%s}, which isn't known here.", clip(name)),
		"Known here: "+strings.Join(known, ", ")+" and metadata.NAME.")
}

func isMetadataName(name string) bool {
	return name != "" && len(name) <= 64 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}
