package wire_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn"
)

// Invariant: what a dialect has signed before, with which secret, at the same time or
// in vain, changes nothing about a request: it is what a dialect makes that was never used.
func TestUsedDialectsSignAlike(t *testing.T) {
	t.Parallel()
	for _, name := range builtInNames() {
		used := builtIn(t, name)
		var signing sync.WaitGroup
		for _, secrets := range [][]posthorn.Secret{{newSecret}, {oldSecret}, {newSecret, oldSecret}, {oldSecret, newSecret}} {
			in := input()
			in.Webhook.Secrets = nil
			for _, secret := range secrets {
				in.Webhook.Secrets = append(in.Webhook.Secrets, posthorn.SigningSecret{Value: secret})
			}
			want := render(t, builtIn(t, name), in)
			signing.Go(func() {
				for n := range 20 {
					got, err := used.Render(in)
					if difference := cmp.Diff(want, got); err != nil || difference != "" {
						t.Errorf("%s, request %d: %v\n%s", name, n, err, difference)
					}
				}
			})
		}
		signing.Wait()
	}
}
