package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn/internal/config"
)

// Invariant: a setting that was misspelt is noticed, and nothing else is.
func TestMisspeltVariables(t *testing.T) {
	t.Parallel()
	variables := []string{"POSTHORN_LISTN=:1", "POSTHORN_LOGLEVEL=debug", "POSTHORN_BOOTSTRAP_KEYFILE=/k", "LISTN=1", "POSTHORN_PORT_8080_TCP=tcp://1", "POSTHORN_SERVICE_HOST=1"}
	for _, setting := range config.Settings() {
		variables = append(variables, setting.Variable()+"=x")
	}
	for _, own := range []string{"CONFIG", "CONFIG_HOME", "CONTEXT", "SERVER", "API_KEY", "ENVIRONMENT_ID", "BOOTSTRAP_KEY_FILE"} {
		variables = append(variables, "POSTHORN_"+own+"=x")
	}
	want := []config.Misspelt{
		{Variable: "POSTHORN_BOOTSTRAP_KEYFILE", Meant: "POSTHORN_BOOTSTRAP_KEY_FILE"},
		{Variable: "POSTHORN_LISTN", Meant: "POSTHORN_LISTEN"},
		{Variable: "POSTHORN_LOGLEVEL", Meant: "POSTHORN_LOG_LEVEL"},
	}
	if diff := cmp.Diff(want, config.FindMisspelt(variables)); diff != "" {
		t.Error(diff)
	}
}
