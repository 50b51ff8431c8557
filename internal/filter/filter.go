// Package filter answers which webhooks want an event.
package filter

import (
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// Index finds the webhooks that want an event type, without looking at those
// that don't. It is immutable and safe for concurrent use.
type Index struct {
	webhooks []posthorn.Webhook
	exact    map[string][]int
	// families holds "user." for the pattern "user.*".
	families map[string][]int
	all      []int
	disabled []posthorn.Webhook
}

// NewIndex makes an index of webhooks. Those that should get no new deliveries
// (disabled, deleted) are left out.
func NewIndex(webhooks []posthorn.Webhook) *Index {
	index := &Index{webhooks: webhooks, exact: map[string][]int{}, families: map[string][]int{}}
	for position, webhook := range webhooks {
		if webhook.Status == posthorn.WebhookDisabled {
			index.disabled = append(index.disabled, webhook)
		}
		if webhook.Status != posthorn.WebhookActive && webhook.Status != posthorn.WebhookPaused {
			continue
		}
		for _, pattern := range webhook.Events {
			index.add(pattern, position)
		}
	}
	return index
}

func (x *Index) add(pattern string, position int) {
	if pattern == "*" {
		x.all = append(x.all, position)
		return
	}
	if family, isFamily := strings.CutSuffix(pattern, "*"); isFamily {
		x.families[family] = append(x.families[family], position)
		return
	}
	x.exact[pattern] = append(x.exact[pattern], position)
}

// CountDisabled returns how many webhooks would want an event of this type if
// they were not disabled. It looks at each of them.
func (x *Index) CountDisabled(eventType string) int {
	count := 0
	for _, webhook := range x.disabled {
		if slices.ContainsFunc(webhook.Events, func(pattern string) bool { return posthorn.MatchesPattern(pattern, eventType) }) {
			count++
		}
	}
	return count
}

// Match returns the webhooks that want an event of this type, each once, in the
// order in which NewIndex was given them. The webhooks must not be changed.
func (x *Index) Match(eventType string) []*posthorn.Webhook {
	positions := slices.Concat(x.exact[eventType], x.all)
	for i := range len(eventType) {
		if eventType[i] == '.' && i+1 < len(eventType) {
			positions = append(positions, x.families[eventType[:i+1]]...)
		}
	}
	slices.Sort(positions)
	positions = slices.Compact(positions)
	matches := make([]*posthorn.Webhook, len(positions))
	for i, position := range positions {
		matches[i] = &x.webhooks[position]
	}
	return matches
}
