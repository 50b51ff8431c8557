package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// givenValue is the text of a setting and where it was given.
type givenValue struct{ text, source string }

// gather collects what was given by key; a later source replaces an earlier one.
func gather(sources Sources) (map[string]givenValue, []error) {
	given := map[string]givenValue{}
	mistakes := gatherFile(given, sources.File)
	for _, setting := range Settings() {
		mistakes = append(mistakes, gatherVariable(given, setting, sources.Env)...)
	}
	for _, key := range slices.Sorted(maps.Keys(sources.Flags)) {
		source := "the flag --" + key
		if err := put(given, key, givenValue{sources.Flags[key], source}, false); err != nil {
			mistakes = append(mistakes, &Error{Key: key, Source: source, Err: err})
		}
	}
	return given, mistakes
}

func gatherVariable(given map[string]givenValue, setting Setting, env func(string) string) []error {
	keys := []string{setting.Key}
	if setting.Secret {
		keys = append(keys, setting.Key+fileSuffix)
	}
	var mistakes []error
	for _, key := range keys {
		text, source := env(variable(key)), "the variable "+variable(key)
		if text == "" {
			continue
		}
		if err := put(given, key, givenValue{text, source}, true); err != nil {
			mistakes = append(mistakes, &Error{Key: key, Source: source, Err: err})
		}
	}
	return mistakes
}

// put keeps a value under its setting's key; a path of a file is replaced by
// what the file holds. Secrets are refused where others can read them.
func put(given map[string]givenValue, key string, value givenValue, secretAllowed bool) error {
	setting, isFile, found := findSetting(key)
	switch {
	case !found:
		return unknownKey(key)
	case isFile:
		text, err := readSecret(value.text)
		if err != nil {
			return err
		}
		value.text = text
	case setting.Secret && !secretAllowed:
		return fmt.Errorf("a secret can't be a flag; use --%s%s or %s", key, fileSuffix, variable(key))
	}
	given[setting.Key] = value
	return nil
}

func unknownKey(key string) error {
	message := fmt.Sprintf("there is no setting %q", key)
	if close := closest(key); close != "" {
		return fmt.Errorf("%s; did you mean %q?", message, close)
	}
	keys := make([]string, 0, len(Settings()))
	for _, setting := range Settings() {
		keys = append(keys, setting.Key)
	}
	return fmt.Errorf("%s; there are %s", message, strings.Join(keys, ", "))
}

// closest finds the key that was probably meant: the same letters in another
// notation (logLevel, log_level), or a beginning.
func closest(key string) string {
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "").Replace(s))
	}
	for _, setting := range Settings() {
		if known := plain(setting.Key); known == plain(key) || len(key) > 2 && (strings.HasPrefix(known, plain(key)) || strings.HasPrefix(plain(key), known)) {
			return setting.Key
		}
	}
	return ""
}

// maxSecretFile is more than any key needs; whoever names a large file named the
// wrong one.
const maxSecretFile = 4096

func readSecret(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("opening the secret's file: %w", err)
	}
	defer file.Close() //nolint:errcheck // nothing was written
	text, err := io.ReadAll(io.LimitReader(file, maxSecretFile+1))
	if err != nil {
		return "", fmt.Errorf("reading the secret's file: %w", err)
	}
	if len(text) > maxSecretFile {
		return "", fmt.Errorf("%s is longer than %d bytes, so it is not a secret", path, maxSecretFile)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", errors.New(path + " is empty")
	}
	return secret, nil
}
