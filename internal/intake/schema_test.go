package intake_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
)

func (f *fixture) schema(text string, validation posthorn.Validation) {
	f.Helper()
	_, err := f.store.CreateEventTypes(f.Context(), f.environment, []posthorn.EventType{{Name: "user.created", Schema: []byte(text), Validation: validation}}, 0)
	if err != nil {
		f.Fatal(err)
	}
}

func withData(data string) intake.Item {
	one := item("")
	one.Data = []byte(data)
	return one
}

// Invariant: in a batch the events whose data doesn't match are refused by themselves,
// each result stands where its item does, and a filter still sees the numbers of the
// data that a schema has looked at.
func TestSchemasDecide(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 10)
	f.schema(`{"properties":{"n":{"type":"integer"}}}`, posthorn.ValidationReject)
	f.filter(f.webhook("*", posthorn.WebhookActive), "event.data.n == 9007199254740993")
	results := f.publish(withData(`{"n":9007199254740993}`), withData(`{"n":"1"}`), withData(`{"n":1}`)).Results
	if results[0].Err != nil || results[0].Event.Deliveries != 1 || results[2].Err != nil || results[2].Unmatched != 1 {
		t.Errorf("those that match: %+v", results)
	}
	var refused *posthorn.Error
	if !errors.As(results[1].Err, &refused) || refused.Pointer != "/data/n" || refused.Code != posthorn.CodeInvalid {
		t.Errorf("the one that doesn't: %v", results[1].Err)
	}
	if only := f.publish(withData(`{"n":"1"}`)).Results[0]; only.Err == nil {
		t.Error("alone it is accepted")
	}
}

// Invariant: a schema that has become unreadable refuses where it is to be enforced, and
// warns where it is to warn; it never lets data pass for good.
func TestUnreadableSchema(t *testing.T) {
	t.Parallel()
	for _, validation := range []posthorn.Validation{posthorn.ValidationReject, posthorn.ValidationWarn} {
		f := newFixture(t, 10)
		f.schema(`{"type":1}`, validation)
		result := f.publish(withData(`{}`)).Results[0]
		if (result.Err != nil) != (validation == posthorn.ValidationReject) || len(result.Warnings) == 0 && result.Err == nil {
			t.Errorf("%s: %+v", validation, result)
		}
	}
}

// Invariant: what the schemas of one batch cost is bounded; a batch beyond it keeps
// nothing.
func TestSchemaCostOfABatchIsBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1000)
	f.schema(`{"items":{"allOf":[{"minimum":0},{"maximum":9},{"type":"integer"}]}}`, posthorn.ValidationReject)
	costly := withData("[" + strings.Repeat("1,", 20_000) + "1]")
	items := make([]intake.Item, 20)
	for i := range items {
		items[i] = costly
	}
	_, err := f.intake.Publish(t.Context(), intake.Publication{EnvironmentID: f.environment, Items: items})
	if !errors.Is(err, &posthorn.Error{Code: posthorn.CodeTooLarge}) || !strings.Contains(err.Error(), "schemas") || f.dispatcher.reserved != 0 {
		t.Errorf("got %v, %d reserved", err, f.dispatcher.reserved)
	}
	if alone := f.publish(costly).Results[0]; alone.Err != nil {
		t.Errorf("a single event: %v", alone.Err)
	}
}
