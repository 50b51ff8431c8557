package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Run carries out one command line, args[0] being the name the program was called
// by, and returns the exit code. When ctx ends, what is under way is given up.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) string) int {
	s := &session{program: programName(args), stdin: stdin, stdout: stdout, stderr: stderr, env: env, now: time.Now, variables: os.Environ()}
	root := s.rootCommand()
	root.SetArgs(args[min(1, len(args)):])
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteContextC(ctx)
	return s.report(ctx, command, err)
}

// programName is what help calls the program: the name it was linked under.
func programName(args []string) string {
	const usual = "posthorn"
	if len(args) == 0 {
		return usual
	}
	name := strings.TrimSuffix(filepath.Base(args[0]), ".exe")
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`).MatchString(name) {
		return usual
	}
	return name
}

// underName replaces the usual name in examples and texts by the one that the
// program was called by.
func (s *session) underName(command *cobra.Command) {
	replacer := strings.NewReplacer("posthorn ", s.program+" ")
	command.Example = replacer.Replace(command.Example)
	command.Long = replacer.Replace(command.Long)
	for _, child := range command.Commands() {
		s.underName(child)
	}
}
