package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/posthorn/posthorn/client"
	"github.com/posthorn/posthorn/internal/config"
)

// maxInput bounds what is read of a file or of stdin; no server takes more.
const maxInput = 64 << 20

// readInput returns what a data flag means: the text itself, @FILE, or - for
// stdin.
func (s *session) readInput(flag string) ([]byte, error) {
	if flag == "-" {
		return readBounded(s.stdin, "stdin")
	}
	path, isFile := strings.CutPrefix(flag, "@")
	if !isFile {
		return []byte(flag), nil
	}
	return s.readFile(path)
}

// readFile reads a file; - is stdin.
func (s *session) readFile(path string) ([]byte, error) {
	if path == "-" {
		return readBounded(s.stdin, "stdin")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, usage(fmt.Sprintf("can't open the file: %v", err), "")
	}
	defer file.Close() //nolint:errcheck // nothing was written
	return readBounded(file, path)
}

// checkJSON says where the text of a flag, if there is any, is not JSON.
func checkJSON(flag string, text []byte) error {
	if len(text) == 0 {
		return nil
	}
	var whole json.RawMessage
	err := json.Unmarshal(text, &whole)
	if err == nil {
		return nil
	}
	before := text
	var mistake *json.SyntaxError
	if errors.As(err, &mistake) {
		before = text[:max(mistake.Offset-1, 0)] // the offset counts the byte that is wrong
	}
	line, column := 1+bytes.Count(before, []byte{'\n'}), 1+utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return usage(fmt.Sprintf("%s is not JSON: line %d, column %d: %v", flag, line, column, err), "")
}

func readBounded(source io.Reader, name string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(source, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(text) > maxInput {
		return nil, usage(fmt.Sprintf("%s is longer than %d bytes", name, maxInput), "")
	}
	return text, nil
}

// readSecret returns the secret that a file or stdin holds; empty when neither
// was asked for.
func (s *session) readSecret(file string, fromStdin bool) (string, error) {
	switch {
	case file != "" && fromStdin:
		return "", usage("--secret-file and --secret-stdin exclude each other", "")
	case file != "":
		secret, err := config.ReadSecretFile(file)
		if err != nil {
			return "", usage(err.Error(), "")
		}
		return secret, nil
	case fromStdin:
		text, err := readBounded(s.stdin, "stdin")
		if err != nil {
			return "", err
		}
		secret := strings.TrimSpace(string(text))
		if secret == "" {
			return "", usage("there is no secret on stdin", "")
		}
		return secret, nil
	default:
		return "", nil
	}
}

// readPairs turns NAME=VALUE texts into a map. Where files are allowed, a value
// @FILE is read from there, so that it needn't stand on the command line.
func (s *session) readPairs(flag string, texts []string, filesAllowed bool) (map[string]string, error) {
	pairs := make(map[string]string, len(texts))
	for _, text := range texts {
		name, value, found := strings.Cut(text, "=")
		if !found || name == "" {
			return nil, usage(fmt.Sprintf("--%s takes NAME=VALUE, not %q", flag, text), "")
		}
		if path, isFile := strings.CutPrefix(value, "@"); isFile && filesAllowed {
			secret, err := config.ReadSecretFile(path)
			if err != nil {
				return nil, usage(fmt.Sprintf("--%s %s: %v", flag, name, err), "")
			}
			value = secret
		}
		pairs[name] = value
	}
	return pairs, nil
}

func parseTime(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if moment, err := time.Parse(time.RFC3339, text); err == nil {
		return moment, nil
	}
	// A date is its first moment, in UTC.
	if moment, err := time.Parse(time.DateOnly, text); err == nil {
		return moment, nil
	}
	return time.Time{}, usage(fmt.Sprintf("--%s takes a time like 2026-01-02T03:04:05Z or a date like 2026-01-02, not %q", flag, text), "")
}

func optionalIf[T any](given bool, value T) client.Optional[T] {
	if !given {
		return client.Optional[T]{}
	}
	return client.Set(value)
}
