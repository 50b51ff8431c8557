package suspect

import (
	"log/slog"

	"github.com/posthorn/posthorn"
)

// Announce says before a delivery is tried alone which one that is: should the
// process die, its last words name the culprit.
func Announce(logger *slog.Logger, d posthorn.Delivery) {
	if d.Crashes >= posthorn.AloneAfter {
		logger.Warn("trying a delivery apart from others: the server died each time while it had this one under way", describe(d)...)
	}
}

// Report tells the operator what was quarantined.
func Report(logger *slog.Logger, quarantined []posthorn.Delivery) {
	for _, d := range quarantined {
		logger.Error("a delivery is quarantined: the server died each time while it had this one under way. It is sent again when somebody asks for that: posthorn delivery retry "+d.ID.String(), describe(d)...)
	}
}

func describe(d posthorn.Delivery) []any {
	return []any{"delivery", d.ID, "event", d.EventPublicID, "type", d.EventType, "webhook", d.WebhookID, "crashes", d.Crashes}
}
