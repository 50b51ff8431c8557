package manage

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
)

// Invariant: no tenant has more of anything than the limit, and a refusal says
// how many there may be and which setting its operator has to change.
func TestLimits(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t, nil, posthorn.Limits{Projects: 2, Environments: 3, Keys: 1, Webhooks: 1, EventTypes: 2})
	key, err := b.CreateKey(t.Context(), b.platform, NewKey{Name: "tenant"})
	must(t, err)
	tenant := principalOf(key.Key)
	everywhere := posthorn.EnvironmentID{}
	create := map[string]func() error{
		"max-webhooks": func() error {
			_, err := b.CreateWebhook(t.Context(), tenant, everywhere, WebhookChange{URL: Set("https://example.com/in"), Events: Set([]string{"*"})})
			return err
		},
		"max-keys": func() error {
			_, err := b.CreateKey(t.Context(), tenant, NewKey{Name: "another"})
			return err
		},
		"max-projects": func() error {
			_, err := b.CreateProject(t.Context(), tenant, posthorn.WorkspaceID{}, "another")
			return err
		},
		"max-environments": func() error {
			_, err := b.CreateEnvironment(t.Context(), tenant, posthorn.ProjectID{}, EnvironmentChange{Name: Set("another")})
			return err
		},
	}
	for setting, free := range map[string]int{"max-webhooks": 1, "max-keys": 0, "max-projects": 1} {
		for range free {
			must(t, create[setting]())
		}
		wantLimit(t, create[setting](), setting)
	}
	// The second project came with the second environment.
	must(t, create["max-environments"]())
	wantLimit(t, create["max-environments"](), "max-environments")
	_, err = b.ImportEventTypes(t.Context(), tenant, everywhere, Import{EventTypes: []NewEventType{{Name: "a"}, {Name: "b"}, {Name: "c"}}})
	wantLimit(t, err, "max-event-types")
	if left, err := b.EventTypes(t.Context(), tenant, everywhere, "", 10); err != nil || len(left) != 0 {
		t.Errorf("a refused import left %d event types (%v)", len(left), err)
	}
	for _, name := range []string{"a", "b"} {
		_, err := b.CreateEventType(t.Context(), tenant, everywhere, NewEventType{Name: name})
		must(t, err)
	}
	_, err = b.CreateEventType(t.Context(), tenant, everywhere, NewEventType{Name: "c"})
	wantLimit(t, err, "max-event-types")
}

func wantLimit(t *testing.T, err error, setting string) {
	t.Helper()
	var told *posthorn.Error
	if !errors.As(err, &told) || told.Code != posthorn.CodeLimitReached || !strings.Contains(told.Hint, setting) || !strings.ContainsAny(told.Message, "123") {
		t.Errorf("%s: got %#v", setting, err)
	}
}

// Guards that the schemas of an environment are bounded together, since they are held
// in memory: neither creating, changing nor importing gets beyond the limit.
func TestSchemasAreBoundedTogether(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	long := []byte(`{"description":"` + strings.Repeat("x", posthorn.MaxExample-100) + `"}`)
	made := 0
	var refused error
	for refused == nil && made < 1000 {
		n := NewEventType{Name: fmt.Sprint("t", made)}
		n.Schema = Set(long)
		if _, refused = b.CreateEventType(t.Context(), b.platform, posthorn.EnvironmentID{}, n); refused == nil {
			made++
		}
	}
	if !errors.Is(refused, posthorn.ErrLimit) || made*len(long) > posthorn.MaxSchemas || (made+1)*len(long) <= posthorn.MaxSchemas {
		t.Fatalf("%d were made, then %v", made, refused)
	}
	plain := NewEventType{Name: "plain"}
	if _, err := b.CreateEventType(t.Context(), b.platform, posthorn.EnvironmentID{}, plain); err != nil {
		t.Fatal(err)
	}
	if _, err := b.UpdateEventType(t.Context(), b.platform, posthorn.EnvironmentID{}, "plain", EventTypeChange{Schema: Set(long)}); !errors.Is(err, posthorn.ErrLimit) {
		t.Errorf("changing: %v", err)
	}
	another := NewEventType{Name: "another"}
	another.Schema = Set(long)
	if _, err := b.ImportEventTypes(t.Context(), b.platform, posthorn.EnvironmentID{}, Import{EventTypes: []NewEventType{another}}); !errors.Is(err, posthorn.ErrLimit) {
		t.Errorf("importing: %v", err)
	}
}

// Guards that an import for which there is no room keeps nothing, that the dry run says
// so, and that what the import itself makes room for counts.
func TestImportWithoutRoomKeepsNothing(t *testing.T) {
	t.Parallel()
	b := newLimitedBench(t, nil, posthorn.Limits{EventTypes: 200})
	entry := func(name string, length int) NewEventType {
		n := NewEventType{Name: name}
		n.Schema = Set([]byte(`{"title":"` + strings.Repeat("x", length) + `"}`))
		return n
	}
	const length = 60_000
	full := []NewEventType{entry("a", 100), entry("b", length)}
	for size := length; size+length < posthorn.MaxSchemas-length; size += length {
		full = append(full, entry(fmt.Sprintf("full-%03d", size/length), length))
	}
	run := func(dryRun bool, list ...NewEventType) (Imported, error) {
		return b.ImportEventTypes(t.Context(), b.platform, posthorn.EnvironmentID{}, Import{EventTypes: list, Update: true, DryRun: dryRun})
	}
	_, err := run(false, full...)
	must(t, err)
	before, err := b.store.SchemaBytes(t.Context(), b.home.ID)
	must(t, err)
	for _, dryRun := range []bool{true, false} {
		if done, err := run(dryRun, entry("a", length), entry("new", length)); !errors.Is(err, posthorn.ErrLimit) {
			t.Errorf("dry run %v: %+v, %v", dryRun, done, err)
		}
		if after, err := b.store.SchemaBytes(t.Context(), b.home.ID); err != nil || after != before {
			t.Errorf("dry run %v: %d bytes instead of %d, %v", dryRun, after, before, err)
		}
	}
	var many []NewEventType
	for i := range 200 - len(full) + 1 {
		many = append(many, NewEventType{Name: fmt.Sprintf("many-%03d", i)})
	}
	for _, dryRun := range []bool{true, false} {
		_, err := run(dryRun, many...)
		wantLimit(t, err, "max-event-types")
		done, err := run(true, many[1:]...)
		if err != nil || done.Created != len(many)-1 {
			t.Errorf("as many as there may be: %+v, %v", done, err)
		}
	}
	for _, dryRun := range []bool{true, false} {
		done, err := run(dryRun, entry("a", length), entry("b", 10), entry("new", length))
		if err != nil || done.Created != 1 || done.Updated != 2 {
			t.Errorf("dry run %v: %d created, %d updated, %v", dryRun, done.Created, done.Updated, err)
		}
	}
}
