package config_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/config"
)

const bootstrapKey = "sk_user_0123456789abcdef0123456789abcdef"

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "posthorn.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	got, err := config.Load(config.Sources{Env: env(map[string]string{"HOME": "/home/ada"})})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		Listen: "127.0.0.1:8080", DataDir: "/home/ada/.local/share/posthorn", Database: "sqlite:/home/ada/.local/share/posthorn/posthorn.db",
		Environment: posthorn.Production, MaxBodyBytes: 1 << 20, SigningKeyOverlap: 24 * time.Hour, GracePeriod: 30 * time.Second, DrainDelay: 5 * time.Second, Egress: config.EgressPublic,
		Limits:         posthorn.Limits{Projects: 100, Environments: 100, Keys: 100, Formats: 100, Webhooks: 1000, EventTypes: 5000, EventRate: 1000, EventBurst: 5000, Requests: 256, AllRequests: 1024},
		MaxConnections: 4096, Concurrency: 2048, LogLevel: slog.LevelInfo, LogFormat: "text",
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	if got.SQLitePath() != "/home/ada/.local/share/posthorn/posthorn.db" {
		t.Errorf("the path is %s", got.SQLitePath())
	}
}

// Invariant: every setting can be given in each of its sources, and a later
// source wins.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		values [3]string // file, variable, flag
		show   func(config.Config) string
	}{
		"listen":              {[3]string{":1", ":2", ":3"}, func(c config.Config) string { return c.Listen }},
		"data":                {[3]string{"/1", "/2", "/3"}, func(c config.Config) string { return c.DataDir }},
		"database":            {[3]string{"sqlite:/1", "sqlite:/2", "sqlite:/3"}, func(c config.Config) string { return c.Database }},
		"environment":         {[3]string{"development", "production", "development"}, func(c config.Config) string { return string(c.Environment) }},
		"hosts":               {[3]string{"a.example.com", "b.example.com", "c.example.com"}, func(c config.Config) string { return strings.Join(c.Hosts, ",") }},
		"max-body-bytes":      {[3]string{"2001", "2002", "2003"}, func(c config.Config) string { return fmt.Sprint(c.MaxBodyBytes) }},
		"event-rate":          {[3]string{"1", "2", "0"}, func(c config.Config) string { return fmt.Sprint(c.Limits.EventRate) }},
		"event-burst":         {[3]string{"1", "2", "3"}, func(c config.Config) string { return fmt.Sprint(c.Limits.EventBurst) }},
		"max-requests":        {[3]string{"1", "2", "0"}, func(c config.Config) string { return fmt.Sprint(c.Limits.Requests) }},
		"max-connections":     {[3]string{"1", "2", "3"}, func(c config.Config) string { return fmt.Sprint(c.MaxConnections) }},
		"max-all-requests":    {[3]string{"1", "2", "0"}, func(c config.Config) string { return fmt.Sprint(c.Limits.AllRequests) }},
		"max-projects":        {[3]string{"1", "2", "0"}, func(c config.Config) string { return fmt.Sprint(c.Limits.Projects) }},
		"max-environments":    {[3]string{"1", "2", "0"}, func(c config.Config) string { return fmt.Sprint(c.Limits.Environments) }},
		"max-formats":         {[3]string{"1", "2", "0"}, func(c config.Config) string { return fmt.Sprint(c.Limits.Formats) }},
		"max-keys":            {[3]string{"1", "2", "0"}, func(c config.Config) string { return fmt.Sprint(c.Limits.Keys) }},
		"max-webhooks":        {[3]string{"1", "2", "0"}, func(c config.Config) string { return fmt.Sprint(c.Limits.Webhooks) }},
		"max-event-types":     {[3]string{"1", "2", "0"}, func(c config.Config) string { return fmt.Sprint(c.Limits.EventTypes) }},
		"grace-period":        {[3]string{"1s", "2s", "3s"}, func(c config.Config) string { return c.GracePeriod.String() }},
		"drain-delay":         {[3]string{"4s", "5s", "0s"}, func(c config.Config) string { return c.DrainDelay.String() }},
		"pause-deliveries":    {[3]string{"true", "false", "true"}, func(c config.Config) string { return fmt.Sprint(c.PauseDeliveries) }},
		"egress":              {[3]string{"any", "private", "public"}, func(c config.Config) string { return string(c.Egress) }},
		"egress-allow":        {[3]string{"[10.0.0.0/8]", "10.1.0.0/16", "10.2.0.0/16"}, func(c config.Config) string { return strings.Trim(fmt.Sprint(c.EgressAllow), "[]") }},
		"egress-ports":        {[3]string{"81", "82", "83"}, func(c config.Config) string { return fmt.Sprint(c.EgressPorts[0][0]) }},
		"egress-strict":       {[3]string{"true", "false", "true"}, func(c config.Config) string { return fmt.Sprint(c.EgressStrict) }},
		"egress-proxy":        {[3]string{"http://a:1", "https://b:2", "socks5://c:3"}, func(c config.Config) string { return c.EgressProxy.String() }},
		"concurrency":         {[3]string{"1", "2", "3"}, func(c config.Config) string { return fmt.Sprint(c.Concurrency) }},
		"profile-listen":      {[3]string{"127.0.0.1:1", "127.0.0.2:2", "[::1]:3"}, func(c config.Config) string { return c.ProfileListen }},
		"log-level":           {[3]string{"debug", "warn", "error"}, func(c config.Config) string { return strings.ToLower(c.LogLevel.String()) }},
		"log-format":          {[3]string{"json", "text", "json"}, func(c config.Config) string { return c.LogFormat }},
		"handshake-origin":    {[3]string{"a.example.com", "b.example.com", "localhost"}, func(c config.Config) string { return c.HandshakeOrigin }},
		"signing-key-overlap": {[3]string{"1s", "2s", "3s"}, func(c config.Config) string { return c.SigningKeyOverlap.String() }},
	}
	for _, setting := range config.Settings() {
		if setting.Secret {
			continue
		}
		t.Run(setting.Key, func(t *testing.T) {
			t.Parallel()
			row, found := rows[setting.Key]
			if !found {
				t.Fatal("the setting has no row in this test")
			}
			sources := config.Sources{Env: env(map[string]string{"HOME": "/h"}), File: write(t, setting.Key+": "+row.values[0]+"\n")}
			check(t, sources, row.show, strings.Trim(row.values[0], "[]"))
			sources.Env = env(map[string]string{"HOME": "/h", setting.Variable(): row.values[1]})
			check(t, sources, row.show, row.values[1])
			sources.Flags = map[string]string{setting.Key: row.values[2]}
			check(t, sources, row.show, row.values[2])
		})
	}
}

func check(t *testing.T, sources config.Sources, show func(config.Config) string, want string) {
	t.Helper()
	got, err := config.Load(sources)
	if err != nil {
		t.Fatal(err)
	}
	if show(got) != want {
		t.Errorf("got %s, want %s", show(got), want)
	}
}

// Invariant: a mistake names the setting, its source and a way out; no mistake
// hides another.
func TestMistakes(t *testing.T) {
	t.Parallel()
	home := map[string]string{"HOME": "/h"}
	for _, tc := range []struct {
		name, file string
		env, flags map[string]string
		want       []string
	}{
		{"unknown key", "listen: ':1'\nlog_level: debug\n", home, nil, []string{"line 2", `did you mean "log-level"`}},
		{"unknown key without a neighbour", "zebra: 1\n", home, nil, []string{`no setting "zebra"`, "max-body-bytes"}},
		{"twice", "listen: ':1'\nlisten: ':2'\n", home, nil, []string{"line 2", "first in line 1"}},
		{"nested", "listen:\n  port: 1\n", home, nil, []string{"line 1", "plain text"}},
		{"no value", "listen:\n", home, nil, []string{"line 1", "missing"}},
		{"not a mapping", "- listen\n", home, nil, []string{"keys and values"}},
		{"two documents", "listen: ':1'\n---\nlisten: ':2'\n", home, nil, []string{"more than one document"}},
		{"not YAML", "listen: [\n", home, nil, []string{"reading the configuration"}},
		{"both at once", "", map[string]string{"HOME": "/h", "POSTHORN_CONCURRENCY": "0"}, map[string]string{"egress": "some"}, []string{"POSTHORN_CONCURRENCY", "1 to 65536", "--egress", "public, private or any"}},
		{"port", "", home, map[string]string{"listen": "localhost:99999"}, []string{"--listen", "0 to 65535"}},
		{"no port", "", home, map[string]string{"listen": "localhost"}, []string{"127.0.0.1:8080"}},
		{"database", "", home, map[string]string{"database": "mysql://x"}, []string{"--database", "sqlite:"}},
		{"environment", "", home, map[string]string{"environment": "staging"}, []string{"production or development"}},
		{"drain", "", home, map[string]string{"drain-delay": "11m", "pause-deliveries": "yes"}, []string{"0s to 10m", "neither true nor false"}},
		{"origin", "", home, map[string]string{"handshake-origin": "https://a.example.com"}, []string{"webhooks.example.com"}},
		{"overlap", "", home, map[string]string{"signing-key-overlap": "0s"}, []string{"--overlap 0s"}},
		{"grace", "", home, map[string]string{"grace-period": "-1s"}, []string{"0s to 1h"}},
		{"range", "", home, map[string]string{"egress-allow": "10.0.0.0/8,10.0.0.1"}, []string{`"10.0.0.1"`, "/32"}},
		{"ports", "", home, map[string]string{"egress-ports": "443,9000-8000"}, []string{`"9000-8000"`, "8000-8999"}},
		{"port 0", "", home, map[string]string{"egress-ports": "0"}, []string{`"0"`, "is not a port"}},
		{"port 65536", "", home, map[string]string{"egress-ports": "65536"}, []string{`"65536"`, "is not a port"}},
		{"no ports", "", home, map[string]string{"egress-ports": ","}, []string{"no ports are named"}},
		{"strict", "", home, map[string]string{"egress-strict": "yes"}, []string{"neither true nor false"}},
		{"proxy scheme", "", home, map[string]string{"egress-proxy": "socks4://a:1080"}, []string{"--egress-proxy", "http://"}},
		{"proxy port", "", home, map[string]string{"egress-proxy": "http://a"}, []string{"needs a port"}},
		{"proxy path", "", home, map[string]string{"egress-proxy": "http://a:1/x"}, []string{"without a path"}},
		{"profiles for everybody", "", home, map[string]string{"profile-listen": "0.0.0.0:6060"}, []string{"--profile-listen", "loopback"}},
		{"profiles for the network", "", home, map[string]string{"profile-listen": "[2001:db8::1]:6060"}, []string{"loopback"}},
		{"profiles by name", "", home, map[string]string{"profile-listen": "localhost:6060"}, []string{"127.0.0.1:6060"}},
		{"level", "", home, map[string]string{"log-level": "loud"}, []string{"debug, info, warn or error"}},
		{"format", "", home, map[string]string{"log-format": "xml"}, []string{"text or json"}},
		{"limit", "", home, map[string]string{"max-webhooks": "-1"}, []string{"whole number from 0"}},
		{"body", "", home, map[string]string{"max-body-bytes": "1M"}, []string{"whole number"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			sources := config.Sources{Env: env(tc.env), Flags: tc.flags}
			if tc.file != "" {
				sources.File = write(t, tc.file)
			}
			_, err := config.Load(sources)
			var mistake *config.Error
			if !errors.As(err, &mistake) {
				t.Fatalf("got %v, want a *config.Error", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q says nothing of %q", err, want)
				}
			}
		})
	}
}

func TestMissingFileIsAMistake(t *testing.T) {
	t.Parallel()
	if _, err := config.Load(config.Sources{Env: env(nil), File: filepath.Join(t.TempDir(), "none.yaml")}); err == nil {
		t.Error("a configuration file that isn't there was taken")
	}
}

func TestDataDirectoryFollowsXDG(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ xdg, want string }{{"/var/data", "/var/data/posthorn"}, {"relative", "/h/.local/share/posthorn"}} {
		got, err := config.Load(config.Sources{Env: env(map[string]string{"HOME": "/h", "XDG_DATA_HOME": tc.xdg})})
		if err != nil || got.DataDir != tc.want {
			t.Errorf("with %s: %s (%v), want %s", tc.xdg, got.DataDir, err, tc.want)
		}
	}
}

func TestDevelopmentAllowsEveryAddress(t *testing.T) {
	t.Parallel()
	flags := map[string]string{"environment": "development", "data": "/d"}
	if got, err := config.Load(config.Sources{Env: env(nil), Flags: flags}); err != nil || got.Egress != config.EgressAny {
		t.Errorf("got %s (%v), want any", got.Egress, err)
	}
	flags["egress"] = "public"
	if got, err := config.Load(config.Sources{Env: env(nil), Flags: flags}); err != nil || got.Egress != config.EgressPublic {
		t.Errorf("got %s (%v), want public", got.Egress, err)
	}
}

// Invariant: the key comes from a variable or a file, never from a flag, and no
// error or print tells it.
func TestBootstrapKey(t *testing.T) {
	t.Parallel()
	file := write(t, bootstrapKey+"\n")
	base := map[string]string{"HOME": "/h"}
	for name, sources := range map[string]config.Sources{
		"variable":                  {Env: env(map[string]string{"HOME": "/h", "POSTHORN_BOOTSTRAP_KEY": bootstrapKey})},
		"file in variable":          {Env: env(map[string]string{"HOME": "/h", "POSTHORN_BOOTSTRAP_KEY_FILE": file})},
		"file in flag":              {Env: env(base), Flags: map[string]string{"bootstrap-key-file": file}},
		"in the configuration":      {Env: env(base), File: write(t, "bootstrap-key: "+bootstrapKey)},
		"file in the configuration": {Env: env(base), File: write(t, "bootstrap-key-file: "+file)},
	} {
		got, err := config.Load(sources)
		if err != nil || got.BootstrapKey.Reveal() != bootstrapKey {
			t.Errorf("%s: %v", name, err)
		}
		if shown := fmt.Sprintf("%v %+v", got, got); strings.Contains(shown, bootstrapKey) {
			t.Errorf("%s: printing shows the key: %s", name, shown)
		}
	}
	for _, bad := range []string{"hunter2", "sk_user_hunter2", "sk_user_hunter2 hunter2 hunter2 hunter2"} {
		_, err := config.Load(config.Sources{Env: env(map[string]string{"HOME": "/h", "POSTHORN_BOOTSTRAP_KEY": bad})})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	_, err := config.Load(config.Sources{Env: env(base), Flags: map[string]string{"bootstrap-key": bootstrapKey}})
	if err == nil || !strings.Contains(err.Error(), "--bootstrap-key-file") || strings.Contains(err.Error(), bootstrapKey) {
		t.Errorf("as a flag: %v", err)
	}
}
