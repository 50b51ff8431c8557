package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/client"
	"github.com/posthorn/posthorn/internal/detect"
)

// captureFlags name a captured request and what may have signed it.
type captureFlags struct {
	request, url string
	secretFiles  []string
}

func (f *captureFlags) addTo(command *cobra.Command) {
	set := command.Flags()
	set.StringVar(&f.request, "request", "", "file with the captured request: request line, headers, an empty line, body; what curl -v shows; or JSON with method, url, headers and body, such as a line of sink -o jsonl; - for stdin")
	set.StringArrayVar(&f.secretFiles, "secret-file", nil, "file that holds the secret, or a public key; repeatable")
	set.StringVar(&f.url, "url", "", "URL that the request was sent to (default what the capture says)")
}

// read returns the request, its text and the secrets.
func (f *captureFlags) read(s *session, command string) (detect.Request, string, []string, error) {
	if f.request == "" {
		return detect.Request{}, "", nil, usage(command+" needs --request", command+" --help")
	}
	text, err := s.readFile(f.request)
	if err != nil {
		return detect.Request{}, "", nil, err
	}
	request, err := detect.ReadRequest(text)
	if err != nil {
		return detect.Request{}, "", nil, usageOf(err)
	}
	if f.url != "" {
		request.URL, request.IsSchemeGuessed = f.url, false
	}
	secrets := make([]string, 0, len(f.secretFiles))
	for _, path := range f.secretFiles {
		secret, err := s.readFile(path)
		if err != nil {
			return detect.Request{}, "", nil, err
		}
		secrets = append(secrets, strings.TrimSpace(string(secret)))
	}
	return request, string(text), secrets, nil
}

// usageOf makes a mistake of what was given on the command line of an error.
func usageOf(err error) error {
	told := usage(err.Error(), "")
	if problem, isProblem := asProblem(err); isProblem {
		told.hint = problem.Hint
	}
	return told
}

func (s *session) formatInfer() *cobra.Command {
	var flags captureFlags
	var name string
	command := &cobra.Command{
		Use: "infer", Short: "Find the format that makes a captured request", Args: needs(),
		Long: "Find the format that makes requests like one that was captured of another system, given the secret that signed it,\n" +
			"and print it as YAML with what was found. No server is asked. If nothing makes the signature, it says what was tried,\n" +
			"and the exit code is 1. The secret is left out of what is printed; look yourself before you pass it on.",
		Example: "  posthorn format infer --request captured.http --secret-file secret.txt > mine.yaml\n  posthorn format create mine -f mine.yaml",
		RunE: s.does(func(ctx context.Context, _ []string) error {
			request, _, secrets, err := flags.read(s, "format infer")
			if err != nil {
				return err
			}
			known, err := detect.BuiltIn()
			if err != nil {
				return fmt.Errorf("reading the built-in formats: %w", err)
			}
			found, err := detect.Infer(ctx, detect.Example{Request: request, Secrets: secrets, Name: name, Known: known, Budget: detect.NewBudget(ctx, detect.LargeBudget)})
			if err != nil {
				return usageOf(err)
			}
			return s.showInference(found)
		}),
	}
	flags.addTo(command)
	command.Flags().StringVar(&name, "name", "inferred", "name of the format to be")
	return command
}

func (s *session) showInference(found detect.Inference) error {
	if s.output != asTable {
		shown := client.InferredFormat{
			Found: found.IsFound, Exact: found.IsExact, Tried: found.Tried, Stopped: found.IsStopped,
			Explanation: append([]string{}, found.Explanation...), Differences: append([]string{}, found.Differences...),
		}
		if found.IsFound {
			shown.Format, shown.YAML = detect.Document(found.Format), string(found.YAML())
		}
		if err := s.writeAsJSON(shown); err != nil {
			return err
		}
	} else if found.IsFound {
		if err := s.write(found.YAML()); err != nil {
			return err
		}
	}
	if found.IsFound {
		return nil
	}
	if s.output != asTable {
		return &failure{code: exitFailed}
	}
	return &failure{code: exitFailed, message: strings.Join(append(found.Explanation, found.Differences...), "\n")}
}

func (s *session) writeAsJSON(shown any) error {
	text, err := json.Marshal(shown)
	if err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return s.writeJSON(text)
}

func (s *session) formatOfFile(file string) (posthorn.Format, error) {
	text, err := s.readFile(file)
	if err != nil {
		return posthorn.Format{}, err
	}
	format, err := detect.ReadFormat(text)
	if err != nil {
		return posthorn.Format{}, usageOf(fmt.Errorf("%s: %w", file, err))
	}
	return format, nil
}

// knownFormats are the built-in formats and those of files.
func (s *session) knownFormats(files []string) ([]posthorn.Format, error) {
	known, err := detect.BuiltIn()
	if err != nil {
		return nil, fmt.Errorf("reading the built-in formats: %w", err)
	}
	for _, file := range files {
		format, err := s.formatOfFile(file)
		if err != nil {
			return nil, err
		}
		known = append(known, format)
	}
	return known, nil
}
