package deliver

import (
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/pace"
)

// places is how many requests may be under way now; while the uplink allows fewer
// than usual the engine looks again when it may allow more.
func (e *Engine) places(now time.Time) int {
	places, until := e.uplink.Places(e.MaxSending, now)
	if !until.IsZero() {
		e.rest(nil, until)
	}
	return places
}

// excuse tells the uplink of an attempt, and blames a failure on our own network
// when that has failed: it then uses up no retry.
func (e *Engine) excuse(webhook *posthorn.Webhook, outcome posthorn.Outcome, startedAt time.Time) posthorn.Outcome {
	tried := pace.Tried{Webhook: webhook.ID, Workspace: webhook.WorkspaceID, URL: webhook.URL, Reason: outcome.Reason, StartedAt: startedAt}
	e.mu.Lock()
	hasChanged := e.uplink.Learn(tried, e.Now())
	isExcused := e.uplink.Excuses(outcome.Reason)
	isDown, _ := e.uplink.IsDown()
	e.mu.Unlock()
	switch {
	case hasChanged && isDown:
		e.Logger.Error("most receivers can't be reached: our own network is taken to have failed; only a few requests go out, and failures to connect use up no retries")
	case hasChanged:
		e.Logger.Info("receivers can be reached again: requests go out as before, slowly at first")
	}
	if isExcused {
		outcome.Detail = fmt.Sprintf("Most receivers can't be reached from here now, so our own network is to blame and this attempt doesn't count (%s).", outcome.Reason)
		outcome.Reason = posthorn.ReasonLocalNetwork
	}
	return outcome
}

// UplinkDown tells since when our own network is taken to have failed; false while
// it works.
func (e *Engine) UplinkDown() (time.Time, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	isDown, since := e.uplink.IsDown()
	return since, isDown
}
