package manage

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/memstore"
)

// askedStore is a store that writes down where events are looked for.
type askedStore struct {
	*memstore.Store
	asked []store.Reach
}

func (s *askedStore) Event(ctx context.Context, within store.Reach, id posthorn.EventID) (posthorn.Event, error) {
	s.asked = append(s.asked, within)
	return s.Store.Event(ctx, within, id)
}

// Invariant: a tenant's question for an event costs no more the more other tenants there
// are: it is looked for in the tenant's own environments, or in the one that is named,
// and nowhere if that is another's.
func TestEventsAreLookedForWithinReach(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	own, err := b.CreateKey(t.Context(), b.platform, NewKey{Name: "tenant", WorkspaceID: b.home.WorkspaceID})
	must(t, err)
	other, err := b.CreateWorkspace(t.Context(), b.platform, WorkspaceChange{Name: Set("other")})
	must(t, err)
	tenant, foreign := principalOf(own.Key), other.Environment.ID
	asked := &askedStore{Store: b.store}
	b.Manager.store = asked
	id := posthorn.EventID{7}.String()
	for what, ask := range map[string]func(p Principal, named posthorn.EnvironmentID) error{
		"get": func(p Principal, named posthorn.EnvironmentID) error {
			_, err := b.Event(t.Context(), p, named, id)
			return err
		},
		"explain": func(p Principal, named posthorn.EnvironmentID) error {
			_, err := b.Explain(t.Context(), p, named, id, posthorn.WebhookID{7})
			return err
		},
		"deliveries": func(p Principal, named posthorn.EnvironmentID) error {
			_, err := b.Deliveries(t.Context(), p, DeliveryFilter{EnvironmentID: named, EventID: id}, posthorn.Page{Limit: 1})
			return err
		},
	} {
		for _, c := range []struct {
			p     Principal
			named posthorn.EnvironmentID
			want  []store.Reach
		}{
			{tenant, posthorn.EnvironmentID{}, []store.Reach{{WorkspaceID: b.home.WorkspaceID}}},
			{tenant, b.home.ID, []store.Reach{{EnvironmentID: b.home.ID}}},
			{tenant, foreign, nil},
			{b.platform, posthorn.EnvironmentID{}, []store.Reach{{}}},
			{b.platform, foreign, []store.Reach{{EnvironmentID: foreign}}},
		} {
			asked.asked = nil
			if err := ask(c.p, c.named); err != nil && !errors.Is(err, posthorn.ErrNotFound) {
				t.Fatal(err)
			}
			if !slices.Equal(asked.asked, c.want) {
				t.Errorf("%s, naming %s: looked for in %v, want %v", what, c.named, asked.asked, c.want)
			}
		}
	}
}
