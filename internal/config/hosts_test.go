package config_test

import (
	"slices"
	"testing"

	"github.com/posthorn/posthorn/internal/config"
)

// Invariant: a server for development on a loopback address is asked by its own names
// alone unless somebody says otherwise; any other one by every name.
func TestHosts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flags map[string]string
		want  []string
	}{
		{map[string]string{}, nil},
		{map[string]string{"environment": "development"}, []string{"localhost"}},
		{map[string]string{"environment": "development", "listen": "localhost:1"}, []string{"localhost"}},
		{map[string]string{"environment": "development", "listen": "[::1]:1"}, []string{"localhost"}},
		{map[string]string{"environment": "development", "listen": "0.0.0.0:1"}, nil},
		{map[string]string{"environment": "development", "listen": ":1"}, nil},
		{map[string]string{"environment": "development", "hosts": "*"}, nil},
		{map[string]string{"hosts": " A.example.com, b.example.com,"}, []string{"a.example.com", "b.example.com"}},
	} {
		got, err := config.Load(config.Sources{Env: env(map[string]string{"HOME": "/h"}), Flags: c.flags})
		if err != nil || !slices.Equal(got.Hosts, c.want) {
			t.Errorf("%v: %q, %v; want %q", c.flags, got.Hosts, err, c.want)
		}
	}
	for _, mistake := range []string{"https://a.example.com", "a.example.com:80", "a b", "a/b"} {
		if _, err := config.Load(config.Sources{Env: env(map[string]string{"HOME": "/h"}), Flags: map[string]string{"hosts": mistake}}); err == nil {
			t.Errorf("%q is taken", mistake)
		}
	}
}
