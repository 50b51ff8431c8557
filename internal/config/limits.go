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
		{Key: "event-rate", Value: "N", Default: "1000 in production, 0 in development", computed: true, Help: "events per second that a workspace may publish; 0 for no limit", set: setEventRate},
		{Key: "event-burst", Value: "N", Default: "five times event-rate", computed: true, Help: "events that a workspace may publish at once, after a pause", set: setEventBurst},
		limit("max-requests", 256, "most requests of a workspace in progress at once", func(l *posthorn.Limits) *int { return &l.Requests }),
		limit("max-all-requests", 1024, "most requests of everybody in progress at once; a platform key has half of them", func(l *posthorn.Limits) *int { return &l.AllRequests }),
		limit("max-projects", 100, "most projects of a workspace", func(l *posthorn.Limits) *int { return &l.Projects }),
		limit("max-environments", 100, "most environments of a workspace", func(l *posthorn.Limits) *int { return &l.Environments }),
		limit("max-keys", 100, "most API keys of a workspace, revoked ones left out", func(l *posthorn.Limits) *int { return &l.Keys }),
		limit("max-formats", 100, "most formats that a workspace may declare", func(l *posthorn.Limits) *int { return &l.Formats }),
		limit("max-webhooks", 1000, "most webhooks of an environment", func(l *posthorn.Limits) *int { return &l.Webhooks }),
		limit("max-event-types", 5000, "most event types of an environment", func(l *posthorn.Limits) *int { return &l.EventTypes }),
	}
}

// Defaults of what a workspace may publish.
const (
	productionEventRate = 1000
	burstOfRate         = 5
)

func setEventRate(c *Config, text string) error {
	n, err := number(text, 0, 1_000_000)
	c.Limits.EventRate = n
	return err
}

func setEventBurst(c *Config, text string) error {
	n, err := number(text, 1, 10_000_000)
	c.Limits.EventBurst = n
	return err
}

// completeLimits computes the rate by the kind of environment, and the burst by
// the rate.
func (c *Config) completeLimits() {
	if c.Limits.EventRate == unset {
		c.Limits.EventRate = 0
		if c.Environment == posthorn.Production {
			c.Limits.EventRate = productionEventRate
		}
	}
	if c.Limits.EventBurst == 0 {
		c.Limits.EventBurst = burstOfRate * c.Limits.EventRate
	}
}
