package detect

import (
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// plainName is a member's or header's name as all spellings have it.
func plainName(name string) string {
	if strings.ContainsAny(name, "_-.") {
		name = strings.Map(func(r rune) rune {
			if r == '_' || r == '-' || r == '.' {
				return -1
			}
			return r
		}, name)
	}
	return strings.ToLower(name)
}

// The names under which senders put what an event has, the surest first.
func typeNames() []string {
	return []string{"type", "eventtype", "event", "eventname", "topic", "kind", "action", "trigger", "messagetype", "notificationtype", "name"}
}

func idNames() []string {
	return []string{"id", "eventid", "messageid", "msgid", "uuid", "guid", "deliveryid", "notificationid", "uid"}
}

func timeNames() []string {
	return []string{"timestamp", "time", "created", "createdat", "occurredat", "eventtime", "date", "datetime", "sentat", "publishedat", "triggeredat", "ts", "at"}
}

func dataNames() []string {
	return []string{"data", "payload", "object", "resource", "body", "content", "attributes", "detail", "details", "entity", "record", "params", "message", "event"}
}

func isSureData(name string) bool {
	return plainName(name) == "data" || plainName(name) == "payload"
}

func isTypeName(name string) bool { return slices.Contains(typeNames(), plainName(name)) }

func isIDName(name string) bool { return slices.Contains(idNames(), plainName(name)) }

func isTimeName(name string) bool { return slices.Contains(timeNames(), plainName(name)) }

// isTypeText reports whether a text may be the name of an event type.
func isTypeText(text string) bool {
	return text != "" && len(text) <= posthorn.MaxEventTypeName && !strings.ContainsAny(text, " \t\r\n{}\"") && strings.Trim(text, "0123456789.-") != ""
}

// isTypeHeader reports whether a header is called like one with the event's type.
func isTypeHeader(name string) bool {
	name = plainName(name)
	for _, other := range []string{"id", "time", "timestamp", "signature", "count", "version"} {
		if strings.HasSuffix(name, other) {
			return false
		}
	}
	return strings.Contains(name, "event") || strings.Contains(name, "topic") || strings.HasSuffix(name, "type")
}

// idRank is how likely a header holds the event's id; zero is not at all.
func idRank(name string) int {
	name = plainName(name)
	for _, other := range []string{"hook", "account", "tenant", "app", "shop", "client", "team", "org", "user", "installation", "target", "subscription", "endpoint", "key", "project", "environment", "workspace", "source"} {
		isOwn := strings.HasSuffix(name, "webhookid") || strings.HasSuffix(name, "idempotencykey")
		if strings.Contains(name, other) && !isOwn {
			return 0
		}
	}
	const unlikely, likely, surest = 1, 2, 3
	ends := func(endings ...string) bool {
		return slices.ContainsFunc(endings, func(ending string) bool { return strings.HasSuffix(name, ending) })
	}
	switch {
	case ends("eventid", "messageid", "msgid", "idempotencykey", "ceid"):
		return surest
	case ends("delivery", "deliveryid", "webhookid"):
		return likely
	case ends("id"): // guid and uuid as well
		return unlikely
	default:
		return 0
	}
}
