package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn/internal/config"
)

// Invariant: what is saved is loaded again, and nobody else can read it.
func TestContextsAreKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "contexts.yaml")
	if empty, err := config.LoadContexts(path); err != nil || len(empty.Contexts) != 0 {
		t.Fatalf("without a file: %v, %v", empty, err)
	}
	want := config.Contexts{Current: "dev", Contexts: map[string]config.Context{
		"dev":  {Server: "http://127.0.0.1:8080", Key: "sk_user_1", EnvironmentID: "env_1"},
		"prod": {Server: "https://hooks.example", KeyFile: "/run/key"},
	}}
	for range 2 { // the second time it is replaced
		if err := want.Save(path); err != nil {
			t.Fatal(err)
		}
	}
	got, err := config.LoadContexts(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v (%v), want 0600", info.Mode().Perm(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("the directory holds %v (%v), want one file", left, err)
	}
}

func TestUnknownMembersOfContextsAreMistakes(t *testing.T) {
	t.Parallel()
	path := write(t, "contexts:\n  dev:\n    sever: http://a\n")
	if _, err := config.LoadContexts(path); err == nil || !strings.Contains(err.Error(), "sever") {
		t.Errorf("got %v", err)
	}
}

func TestKeyOfAContext(t *testing.T) {
	t.Parallel()
	file := write(t, "  sk_1\n")
	for _, tc := range []struct {
		context config.Context
		want    string
		bad     bool
	}{
		{config.Context{Key: "sk_2"}, "sk_2", false},
		{config.Context{Key: "sk_2", KeyFile: file}, "sk_1", false},
		{config.Context{}, "", false},
		{config.Context{KeyFile: write(t, `{"server":"http://a", "apiKey": "sk_3"}`)}, "sk_3", false},
		{config.Context{KeyFile: write(t, `{"key": "sk_3"}`)}, "", true},
		{config.Context{KeyFile: file + ".none"}, "", true},
		{config.Context{KeyFile: write(t, "\n")}, "", true},
		{config.Context{KeyFile: write(t, strings.Repeat("a", 5000))}, "", true},
	} {
		got, err := tc.context.ReadKey()
		if got != tc.want || (err != nil) != tc.bad {
			t.Errorf("%+v: %q, %v", tc.context, got, err)
		}
	}
}

func TestWhereContextsAre(t *testing.T) {
	t.Parallel()
	got, err := config.ContextsPath(env(map[string]string{"POSTHORN_CONFIG_HOME": "/here"}))
	if err != nil || got != "/here/contexts.yaml" {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestNamesOfContexts(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{"dev": true, "a.b-c_9": true, "": false, "../x": false, "a b": false, "-x": false, "ü": false} {
		if err := config.ValidateContextName(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}
