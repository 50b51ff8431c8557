package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posthorn/posthorn/internal/config"
)

// settingValue is a setting's flag; its text is read together with the other
// sources.
type settingValue struct{ text, kind string }

func (v *settingValue) String() string { return v.text }

func (v *settingValue) Set(text string) error {
	v.text = text
	return nil
}

// Type is what help calls the value.
func (v *settingValue) Type() string { return v.kind }

// addSettings gives a command the flags of a server's settings and returns what
// reads all sources together. defaults replace those of the table, by key.
func (s *session) addSettings(command *cobra.Command, defaults map[string]string) func() (config.Config, error) {
	var file string
	flags := command.Flags()
	flags.StringVar(&file, "config", "", "YAML file of settings (POSTHORN_CONFIG)")
	known := map[string]bool{}
	add := func(key, kind, help, shown string) {
		known[key] = true
		flags.Var(&settingValue{text: shown, kind: kind}, key, help)
	}
	for _, setting := range config.Settings() {
		shown := setting.Default
		if replaced, found := defaults[setting.Key]; found {
			shown = replaced
		}
		if setting.Secret {
			add(setting.Key+"-file", "FILE", "file that holds the "+setting.Help+" (or "+setting.Variable()+")", "")
			continue
		}
		add(setting.Key, setting.Value, setting.Help+" ("+setting.Variable()+")", shown)
	}
	return func() (config.Config, error) {
		given := map[string]string{}
		flags.Visit(func(flag *pflag.Flag) {
			if known[flag.Name] {
				given[flag.Name] = flag.Value.String()
			}
		})
		loaded, err := config.Load(config.Sources{File: first(file, s.env("POSTHORN_CONFIG")), Env: s.env, Flags: given, Defaults: defaults})
		if err != nil {
			return config.Config{}, usage(strings.TrimSpace(err.Error()), below(command)+"--help")
		}
		return loaded, nil
	}
}
