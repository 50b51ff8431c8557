package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

// The exit codes. Scripts rely on them: they never change.
const (
	exitFailed         = 1
	exitUsage          = 2
	exitNotFound       = 3
	exitAuthentication = 4
	exitConflict       = 5
	exitUnavailable    = 6
	exitInterrupted    = 130
)

const exitCodesText = `What the exit code of every command means:

  0    it worked
  1    it failed, for a reason that no other code names
  2    the command line is wrong; nothing was done
  3    there is no such thing (a context, too), or the key doesn't reach it
  4    there is no API key, or it may not do this
  5    the state of things doesn't allow it
  6    the server can't be reached, is busy or is stopping; try again later
  130  it was interrupted (Ctrl-C)`

// failure is an error with its exit code and what to do next. Without a message
// everything has been said already.
type failure struct {
	code          int
	message, hint string
	// next is a command line that helps, without the program's name.
	next string
}

// Error returns the message.
func (f *failure) Error() string { return f.message }

func usage(message, next string) *failure {
	return &failure{code: exitUsage, message: message, next: next}
}

// report tells the user of an error and returns the exit code.
func (s *session) report(ctx context.Context, command *cobra.Command, err error) int {
	if err == nil {
		return 0
	}
	told := s.explain(ctx, command, err)
	if told.message == "" {
		return told.code
	}
	s.say("%s %s", s.bold("error:"), escapeLines(told.message))
	if told.hint != "" {
		s.say("%s", escapeLines(told.hint))
	}
	if told.next != "" {
		s.say("Try: %s %s", s.program, told.next)
	}
	return told.code
}

func (s *session) explain(ctx context.Context, command *cobra.Command, err error) *failure {
	var told *failure
	var problem *client.Error
	var lost *client.ConnectionError
	var ofLines *linesError
	switch {
	case errors.As(err, &told):
		return told
	case ctx.Err() != nil:
		return &failure{code: exitInterrupted, message: "interrupted"}
	case errors.As(err, &ofLines):
		told = s.explain(ctx, command, ofLines.err)
		told.message = ofLines.place() + ": " + told.message
		return told
	case errors.As(err, &problem):
		return fromProblem(command, problem)
	case errors.As(err, &lost):
		return fromConnection(lost)
	case !s.started:
		return usage(err.Error(), below(command)+"--help")
	default:
		return &failure{code: exitFailed, message: err.Error()}
	}
}

// below is the command's path without the program's name.
func below(command *cobra.Command) string {
	_, path, found := strings.Cut(command.CommandPath(), " ")
	if !found {
		return ""
	}
	return path + " "
}

// sibling is another command of the same noun, when there is one.
func sibling(command *cobra.Command, verb string) string {
	if !command.HasParent() {
		return ""
	}
	for _, other := range command.Parent().Commands() {
		if other.Name() == verb && other != command {
			return below(command.Parent()) + strings.Replace(other.Use, other.Name(), verb, 1)
		}
	}
	return ""
}
