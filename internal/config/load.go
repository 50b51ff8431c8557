package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/posthorn/posthorn"
)

// Error says which setting is wrong, where it was given, and what to do.
type Error struct {
	Key string
	// Source is where the value was given: "the flag --listen", "the variable
	// POSTHORN_LISTEN", "posthorn.yaml, line 3".
	Source string
	Err    error
}

// Error returns source and mistake in one line.
func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Source, e.Err) }

// Unwrap returns the mistake.
func (e *Error) Unwrap() error { return e.Err }

// Sources is where settings come from, besides the defaults.
type Sources struct {
	// File is the path of the configuration file; empty for none.
	File string
	// Env looks up a variable; an empty one counts as not set.
	Env func(name string) string
	// Flags are the flags that were given, by key.
	Flags map[string]string
}

// Load puts the settings together: defaults, then the file, then the
// environment's variables, then flags. It returns every mistake it finds, each an
// *Error, joined.
func Load(sources Sources) (Config, error) {
	given, mistakes := gather(sources)
	config := Config{DrainDelay: unset, Limits: posthorn.Limits{EventRate: unset}}
	for _, setting := range Settings() {
		value, found := given[setting.Key]
		if !found {
			value = defaultOf(setting)
		}
		if !found && value.text == "" {
			continue
		}
		if err := setting.set(&config, value.text); err != nil {
			mistakes = append(mistakes, &Error{Key: setting.Key, Source: value.source, Err: err})
		}
	}
	if len(mistakes) > 0 {
		return Config{}, errors.Join(mistakes...)
	}
	return complete(config, sources.Env)
}

// defaultOf returns an empty text where the default is none, or is computed.
func defaultOf(setting Setting) givenValue {
	if setting.computed {
		return givenValue{}
	}
	return givenValue{text: setting.Default, source: "the default of " + setting.Key}
}

// unset is what a number is that was not given, where zero means something.
const unset = -1

// productionDrainDelay is how long load balancers usually take to notice that a
// server isn't ready.
const productionDrainDelay = 5 * time.Second

// complete computes the defaults that depend on other settings.
func complete(config Config, env func(string) string) (Config, error) {
	if config.DataDir == "" {
		dir, err := defaultDataDir(env)
		if err != nil {
			return Config{}, &Error{Key: "data", Source: "the default of --data", Err: err}
		}
		config.DataDir = dir
	}
	if config.Database == "" {
		config.Database = sqliteScheme + filepath.Join(config.DataDir, "posthorn.db")
	}
	if config.HandshakeOrigin == "" && config.Environment == posthorn.Development {
		config.HandshakeOrigin = "localhost"
	}
	config.completeHosts()
	if config.DrainDelay == unset {
		config.DrainDelay = 0
		if config.Environment == posthorn.Production {
			config.DrainDelay = productionDrainDelay
		}
	}
	if config.Egress == "" {
		config.Egress = EgressPublic
		if config.Environment == posthorn.Development {
			config.Egress = EgressAny
		}
	}
	config.completeLimits()
	return config, nil
}

// defaultDataDir follows the XDG base directory specification, which ignores
// paths that are not absolute.
func defaultDataDir(env func(string) string) (string, error) {
	if dir := env("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "posthorn"), nil
	}
	if home := env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "share", "posthorn"), nil
	}
	if home, err := os.UserHomeDir(); err == nil && filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "share", "posthorn"), nil
	}
	return "", errors.New("there is no home directory; say where to keep the data with --data DIR or POSTHORN_DATA")
}
