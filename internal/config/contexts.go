package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Contexts are the servers that the command line knows by name.
type Contexts struct {
	// Current is the name of the one in use; empty for none.
	Current  string             `yaml:"current,omitempty"`
	Contexts map[string]Context `yaml:"contexts,omitempty"`
}

// Context is one server and how to speak to it.
type Context struct {
	Server string `yaml:"server"`
	// Key is the API key, or KeyFile the path of a file with it.
	Key     string `yaml:"key,omitempty"`
	KeyFile string `yaml:"key-file,omitempty"`
	// EnvironmentID is used where a command names none.
	EnvironmentID string `yaml:"environment,omitempty"`
}

// ReadKey returns the context's API key, from its file where it has one. The
// key is empty when the context has none.
func (c Context) ReadKey() (string, error) {
	if c.KeyFile == "" {
		return c.Key, nil
	}
	return ReadKeyFile(c.KeyFile)
}

// ReadKeyFile returns the API key that a file holds: its whole text without the
// spaces around it, or the member apiKey of a JSON object, which is how the first
// start of a server writes credentials.json.
func ReadKeyFile(path string) (string, error) {
	text, err := ReadSecretFile(path)
	if err != nil || !strings.HasPrefix(text, "{") {
		return text, err
	}
	var credentials struct {
		APIKey string `json:"apiKey"`
	}
	if err := json.Unmarshal([]byte(text), &credentials); err != nil || credentials.APIKey == "" {
		return "", fmt.Errorf("%s is JSON without the member apiKey", path)
	}
	return credentials.APIKey, nil
}

// ReadSecretFile returns the secret that a file holds, without the spaces around
// it.
func ReadSecretFile(path string) (string, error) { return readSecret(path) }

// ContextsPath returns where the contexts are kept: contexts.yaml in
// $POSTHORN_CONFIG_HOME, or else in posthorn below the user's configuration
// directory.
func ContextsPath(env func(string) string) (string, error) {
	const name = "contexts.yaml"
	if dir := env("POSTHORN_CONFIG_HOME"); dir != "" {
		return filepath.Join(dir, name), nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("finding the configuration directory (set POSTHORN_CONFIG_HOME to choose one): %w", err)
	}
	return filepath.Join(dir, "posthorn", name), nil
}

// LoadContexts reads the contexts. A file that doesn't exist holds none.
func LoadContexts(path string) (Contexts, error) {
	contexts := Contexts{Contexts: map[string]Context{}}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return contexts, nil
	}
	if err != nil {
		return Contexts{}, fmt.Errorf("opening the contexts: %w", err)
	}
	defer file.Close() //nolint:errcheck // nothing was written
	decoder := yaml.NewDecoder(io.LimitReader(file, maxConfigFile))
	decoder.KnownFields(true)
	if err := decoder.Decode(&contexts); err != nil && !errors.Is(err, io.EOF) {
		return Contexts{}, fmt.Errorf("reading the contexts in %s: %w", path, err)
	}
	if contexts.Contexts == nil {
		contexts.Contexts = map[string]Context{}
	}
	return contexts, nil
}

// ValidateContextName checks the name of a context.
func ValidateContextName(name string) error {
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`).MatchString(name) {
		return fmt.Errorf("%q is not a name of a context; use up to 64 letters, digits, '.', '-' and '_'", name)
	}
	return nil
}

// Save writes the contexts, readable by their owner only. A reader sees the old
// file or the new one, never half of one.
func (c Contexts) Save(path string) error {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(c); err != nil {
		return fmt.Errorf("writing the contexts: %w", err)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the directory of the contexts: %w", err)
	}
	// os.CreateTemp makes files of mode 0600.
	file, err := os.CreateTemp(dir, ".contexts-*")
	if err != nil {
		return fmt.Errorf("writing the contexts: %w", err)
	}
	defer os.Remove(file.Name()) //nolint:errcheck // after the rename there is nothing to remove
	_, writeErr := file.Write(text.Bytes())
	if err := errors.Join(writeErr, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("writing the contexts: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("replacing the contexts: %w", err)
	}
	return nil
}
