package config_test

import (
	"testing"

	"github.com/posthorn/posthorn/internal/config"
)

// Invariant: a rate is in force in production unless it is switched off, and a
// burst follows it.
func TestEventRate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		flags       map[string]string
		rate, burst int
	}{
		{nil, 1000, 5000},
		{map[string]string{"environment": "development"}, 0, 0},
		{map[string]string{"environment": "development", "event-rate": "7"}, 7, 35},
		{map[string]string{"event-rate": "0"}, 0, 0},
		{map[string]string{"event-rate": "10", "event-burst": "1"}, 10, 1},
	} {
		got, err := config.Load(config.Sources{Env: env(map[string]string{"HOME": "/h"}), Flags: tc.flags})
		if err != nil || got.Limits.EventRate != tc.rate || got.Limits.EventBurst != tc.burst {
			t.Errorf("%v: rate %d, burst %d, %v", tc.flags, got.Limits.EventRate, got.Limits.EventBurst, err)
		}
	}
}
