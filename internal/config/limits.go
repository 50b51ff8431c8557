package config

import (
	"strconv"

	"github.com/posthorn/posthorn"
)

// limitSettings are the rows of the table that bound one tenant; 0 means no limit.
func limitSettings() []Setting {
	limit := func(key string, byDefault int, help string, field func(*posthorn.Limits) *int) Setting {
		return Setting{
			Key: key, Value: "N", Default: strconv.Itoa(byDefault), Help: help + "; 0 for no limit",
			set: func(c *Config, text string) error {
				n, err := number(text, 0, 1_000_000)
				*field(&c.Limits) = n
				return err
			},
		}
	}
	return []Setting{
		limit("max-projects", 100, "most projects of a workspace", func(l *posthorn.Limits) *int { return &l.Projects }),
		limit("max-environments", 100, "most environments of a workspace", func(l *posthorn.Limits) *int { return &l.Environments }),
		limit("max-keys", 100, "most API keys of a workspace, revoked ones left out", func(l *posthorn.Limits) *int { return &l.Keys }),
		limit("max-webhooks", 1000, "most webhooks of an environment", func(l *posthorn.Limits) *int { return &l.Webhooks }),
		limit("max-event-types", 5000, "most event types of an environment", func(l *posthorn.Limits) *int { return &l.EventTypes }),
	}
}
