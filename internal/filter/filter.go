// Package filter answers which webhooks want an event: by its type, and by the
// filter that a webhook may carry, an expression in CEL (the Common Expression
// Language) whose cost is bounded.
package filter

import (
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/eventdata"
)

// Index finds the webhooks that want an event, without looking at those that
// don't want its type. It is immutable and safe for concurrent use.
type Index struct {
	webhooks []posthorn.Webhook
	// filters has a program for each webhook with a filter, by its position; nil
	// where the filter can't be read.
	filters map[int]*Program
	exact   map[string][]int
	// families holds "user." for the pattern "user.*".
	families map[string][]int
	all      []int
	disabled []posthorn.Webhook
}

// NewIndex makes an index of an environment's webhooks, all that are not
// deleted. Those that are disabled should get no new deliveries and are left out.
func NewIndex(webhooks []posthorn.Webhook, programs *Programs) *Index {
	index := &Index{webhooks: webhooks, filters: map[int]*Program{}, exact: map[string][]int{}, families: map[string][]int{}}
	limit := Limit(countFilters(webhooks))
	for position, webhook := range webhooks {
		if webhook.Status == posthorn.WebhookDisabled {
			index.disabled = append(index.disabled, webhook)
		}
		if webhook.Status != posthorn.WebhookActive && webhook.Status != posthorn.WebhookPaused {
			continue
		}
		if webhook.Filter != "" {
			// One that was good when it was saved and isn't any more matches nothing, and
			// whoever asks why is told.
			program, _ := programs.Program(webhook.Filter, limit)
			index.filters[position] = program
		}
		for _, pattern := range webhook.Events {
			index.add(pattern, position)
		}
	}
	return index
}

func countFilters(webhooks []posthorn.Webhook) int {
	count := 0
	for i := range webhooks {
		if webhooks[i].Filter != "" {
			count++
		}
	}
	return count
}

func (x *Index) add(pattern string, position int) {
	if pattern == "*" {
		x.all = appendOnce(x.all, position)
		return
	}
	if family, isFamily := strings.CutSuffix(pattern, "*"); isFamily {
		x.families[family] = appendOnce(x.families[family], position)
		return
	}
	x.exact[pattern] = appendOnce(x.exact[pattern], position)
}

// appendOnce adds a position to a list that ascends.
func appendOnce(positions []int, position int) []int {
	if last := len(positions) - 1; last >= 0 && positions[last] == position {
		return positions // the webhook has the pattern twice
	}
	return append(positions, position)
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

// Match returns the webhooks that want an event, each once, in the order in which
// NewIndex was given them. The webhooks must not be changed. The filters cost at
// most MaxEventCost together, but for what the last of them that was evaluated
// spent beyond it; those that are left over fail. The data is that of the event;
// nobody else may use it afterwards, and where no webhook has a filter it may be nil.
func (x *Index) Match(event *posthorn.Event, data *eventdata.Value) Matches {
	positions := x.subscribed(event.Type)
	matches := Matches{Webhooks: make([]*posthorn.Webhook, 0, len(positions))}
	var in *input
	for _, position := range positions {
		if program, filtered := x.filters[position]; filtered {
			if in == nil {
				in = &input{event: event, source: data}
			}
			if !matches.take(program, in) {
				continue
			}
		}
		matches.Webhooks = append(matches.Webhooks, &x.webhooks[position])
	}
	return matches
}

// subscribed returns the positions of the webhooks that want the type, each once and
// ascending. They must not be changed: a list that is alone is the index's own.
func (x *Index) subscribed(eventType string) []int {
	const usual = 8
	lists := append(make([][]int, 0, usual), x.exact[eventType], x.all)
	for i := range len(eventType) {
		if eventType[i] == '.' && i+1 < len(eventType) {
			lists = append(lists, x.families[eventType[:i+1]])
		}
	}
	lists = slices.DeleteFunc(lists, func(positions []int) bool { return len(positions) == 0 })
	if len(lists) == 1 {
		return lists[0]
	}
	positions := slices.Concat(lists...)
	slices.Sort(positions)
	return slices.Compact(positions)
}

// Matches is what came of matching an event.
type Matches struct {
	// Webhooks want the event.
	Webhooks []*posthorn.Webhook
	// Unmatched counts the webhooks that want the type and whose filter says no,
	// Failed those whose filter couldn't tell.
	Unmatched int
	Failed    int
	// Cost is what the filters took, in units.
	Cost uint64
}

// take evaluates one more filter, and reports whether it matches.
func (m *Matches) take(program *Program, in *input) bool {
	if program == nil || m.Cost >= MaxEventCost {
		m.Failed++
		return false
	}
	verdict := program.evaluate(in)
	m.Cost = saturatingAdd(m.Cost, verdict.Cost)
	switch {
	case verdict.Failure != "":
		m.Failed++
	case !verdict.Matches:
		m.Unmatched++
	}
	return verdict.Matches
}
