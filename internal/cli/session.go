package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/posthorn/posthorn/client"
	"github.com/posthorn/posthorn/internal/config"
)

// defaultServer is where serve listens unless it is told otherwise.
const defaultServer = "http://127.0.0.1:8080"

// session is one run of the program: its streams, its variables and the flags
// that every command has.
type session struct {
	program        string
	stdin          io.Reader
	stdout, stderr io.Writer
	// screen is behind stderr while that writes in the background; else nil.
	screen io.Writer
	env    func(string) string
	now    func() time.Time
	// variables are all of the environment's, NAME=VALUE.
	variables []string

	server, keyFile, contextName, output string
	// started reports that a command began; an error before that is a mistake in
	// the command line.
	started bool
}

// target is which server to speak to, and as whom.
type target struct {
	server, key, environmentID string
	// contextName is the context that was used, empty for none.
	contextName string
}

// target puts together flags, variables and the context. A context's key and
// environment are only used with the context's own server, so that naming
// another server never hands it the key.
func (s *session) target() (target, error) {
	name, chosen, err := s.chosenContext()
	if err != nil {
		return target{}, err
	}
	found := target{server: first(s.server, s.env("POSTHORN_SERVER"), chosen.Server, defaultServer), key: strings.TrimSpace(s.env("POSTHORN_API_KEY")), environmentID: s.env("POSTHORN_ENVIRONMENT_ID")}
	if s.keyFile != "" {
		if found.key, err = config.ReadKeyFile(s.keyFile); err != nil {
			return target{}, unreadableKey(err)
		}
	}
	if chosen.Server != "" && baseOf(found.server) == baseOf(chosen.Server) {
		found.contextName = name
		return found.with(chosen)
	}
	return found, nil
}

// baseOf is a server's address without what the client ignores at its end.
func baseOf(server string) string {
	return strings.TrimRight(strings.TrimSuffix(strings.TrimRight(server, "/"), "/v1"), "/")
}

// with adds the key of the context where none was given, and its environment
// unless another key was given: that one may not reach it.
func (t target) with(chosen config.Context) (target, error) {
	key, err := chosen.ReadKey()
	switch {
	case t.key == "" && err != nil:
		return target{}, unreadableKey(err)
	case t.key == "":
		t.key = key
	case err != nil, key != "" && key != t.key:
		return t, nil
	}
	t.environmentID = first(t.environmentID, chosen.EnvironmentID)
	return t, nil
}

func unreadableKey(err error) *failure {
	return &failure{code: exitAuthentication, message: err.Error(), hint: "Check the file that should hold the API key."}
}

func (s *session) chosenContext() (string, config.Context, error) {
	contexts, _, err := s.contexts()
	if err != nil {
		return "", config.Context{}, err
	}
	name := first(s.contextName, s.env("POSTHORN_CONTEXT"))
	if name == "" {
		return contexts.Current, contexts.Contexts[contexts.Current], nil
	}
	chosen, found := contexts.Contexts[name]
	if !found {
		return "", config.Context{}, &failure{code: exitNotFound, message: fmt.Sprintf("there is no context %q", name), next: "context list"}
	}
	return name, chosen, nil
}

func (s *session) contexts() (config.Contexts, string, error) {
	path, err := config.ContextsPath(s.env)
	if err != nil {
		return config.Contexts{}, "", err
	}
	contexts, err := config.LoadContexts(path)
	return contexts, path, err
}

// connect returns a client of the chosen server. It connects to nothing yet.
func (s *session) connect() (*client.Client, error) {
	chosen, err := s.target()
	if err != nil {
		return nil, err
	}
	if chosen.key == "" {
		return nil, &failure{
			code: exitAuthentication, message: "there is no API key for " + chosen.server,
			hint: howToGiveAKey, next: "context set --help",
		}
	}
	c, err := client.New(chosen.server, chosen.key, client.WithUserAgent("posthorn-cli/"+version()), client.WithRetries(2), client.WithBackoff(150*time.Millisecond, 10*time.Second))
	if err != nil {
		return nil, &failure{code: exitUsage, message: err.Error(), hint: "Check --server, POSTHORN_SERVER, the context and the API key.", next: "context show"}
	}
	return c, nil
}

// environment returns the id of the environment to work in: the flag's, or else
// the variable's or the context's; empty leaves it to the server.
func (s *session) environment(flag string) (string, error) {
	if flag == "production" || flag == "development" {
		return "", usage("--environment takes the id of an environment (env_…), not its kind", "environment list")
	}
	if flag != "" {
		return flag, nil
	}
	chosen, err := s.target()
	return chosen.environmentID, err
}

// say writes a line for a person, to stderr.
func (s *session) say(format string, values ...any) {
	fmt.Fprintf(s.stderr, format+"\n", values...) //nolint:errcheck // there is nobody left to tell
}

// isTerminal reports whether a stream is a person's screen or keyboard.
func isTerminal(stream any) bool {
	file, isFile := stream.(*os.File)
	return isFile && isatty.IsTerminal(file.Fd())
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
