package cli

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

// trialFlags are the flags of format preview and format test.
type trialFlags struct {
	file, event, webhook, url, secretFile, environment string
	secretStdin                                        bool
	version                                            int
	metadata                                           []string
}

func (f *trialFlags) addTo(command *cobra.Command) {
	set := command.Flags()
	set.StringVarP(&f.file, "file", "f", "", "a format that needn't be saved: YAML or JSON file, or - for stdin")
	set.IntVar(&f.version, "version", 0, "an earlier version (default the newest)")
	set.StringVar(&f.event, "event", "", "JSON file with an event: an object with type, data, id and timestamp, any of which may be left out")
	set.StringVar(&f.webhook, "webhook", "", "webhook whose URL, headers, metadata and secrets are used")
	set.StringVar(&f.url, "url", "", "where to (default the webhook's)")
	set.StringVar(&f.secretFile, "secret-file", "", "file with the secret to sign with (default the webhook's, or a random one)")
	set.BoolVar(&f.secretStdin, "secret-stdin", false, "read the secret from stdin")
	set.StringArrayVar(&f.metadata, "metadata", nil, "NAME=VALUE that the format needs (default the webhook's); repeatable")
	environmentFlag(command, &f.environment)
}

// trial reads what the flags name.
func (s *session) trial(flags trialFlags, args []string) (client.FormatTrial, error) {
	trial := client.FormatTrial{Version: flags.version, WebhookID: flags.webhook, URL: flags.url}
	if len(args) > 0 {
		trial.Name = args[0]
	}
	if flags.file != "" && len(args) > 0 {
		return trial, usage("give either the name of a format or --file", "")
	}
	if flags.file == "" && len(args) == 0 && flags.webhook == "" {
		return trial, usage("which format? Give its name, --file or --webhook", "format list")
	}
	var err error
	if flags.file != "" {
		if trial.Text, err = s.readFile(flags.file); err != nil {
			return trial, err
		}
	}
	if flags.event != "" {
		if trial.Event, err = s.readFile(flags.event); err != nil {
			return trial, err
		}
	}
	if trial.Secret, err = s.readSecret(flags.secretFile, flags.secretStdin); err != nil {
		return trial, err
	}
	if trial.Metadata, err = s.readPairs("metadata", flags.metadata, false); err != nil {
		return trial, err
	}
	if flags.webhook == "" || flags.environment != "" {
		trial.EnvironmentID, err = s.environment(flags.environment)
	}
	return trial, err
}

func (s *session) formatPreview() *cobra.Command {
	var flags trialFlags
	command := &cobra.Command{
		Use: "preview [FORMAT]", Short: "Print the request that a format makes, and the same as a curl command", Args: mayHave("FORMAT"),
		Long: "Print the exact request that would be sent now, and the curl command that sends the same headers and body. Nothing is sent.\n" +
			"Bytes that can't be shown are escaped; -o json has them as they are.",
		Example: "  posthorn format preview standard\n  posthorn format preview -f my.yaml --event event.json --secret-file secret.txt\n  posthorn format preview --webhook whc_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			trial, err := s.trial(flags, args)
			if err != nil {
				return err
			}
			c, err := s.connect()
			if err != nil {
				return err
			}
			preview, err := c.PreviewFormat(ctx, trial)
			if err != nil {
				return err
			}
			if s.output != asTable {
				return s.writeJSON(preview.JSON())
			}
			return s.showPreview(preview)
		}),
	}
	flags.addTo(command)
	return command
}

func (s *session) showPreview(preview client.FormatPreview) error {
	message, err := decoded(preview.Message, preview.MessageEncoding)
	if err != nil {
		return err
	}
	body, err := decoded(preview.Request.Body, preview.Request.BodyEncoding)
	if err != nil {
		return err
	}
	lines := make([]string, 0, 16)
	for line := range strings.SplitSeq(strings.ReplaceAll(message, "\r\n", "\n"), "\n") {
		lines = append(lines, escape(line))
	}
	lines = append(lines, "", escapeLines(curlOf(preview.Request, body)), "")
	if err := s.write([]byte(strings.Join(lines, "\n"))); err != nil {
		return err
	}
	if preview.Secret == "random" {
		s.say(signedAtRandom)
	}
	return nil
}

// signedAtRandom is said where nothing says which secret is meant.
const signedAtRandom = "Signed with a random secret, which no receiver can verify; --secret-file or --webhook says with which."

func decoded(text, encoding string) (string, error) {
	if encoding == "" {
		return text, nil
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", fmt.Errorf("reading the server's answer: %w", err)
	}
	return string(raw), nil
}

// curlOf writes the curl command that sends the same headers and body.
func curlOf(request client.PreviewedRequest, body string) string {
	parts := []string{"curl", "-X", request.Method, quoteForShell(request.URL)}
	for _, header := range request.Headers {
		parts = append(parts, "-H", quoteForShell(header.Name+": "+header.Value))
	}
	return strings.Join(append(parts, "--data-raw", quoteForShell(body)), " ")
}

// quoteForShell writes a text so that a POSIX shell takes it as it is.
func quoteForShell(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func (s *session) formatTest() *cobra.Command {
	var flags trialFlags
	command := &cobra.Command{
		Use: "test [FORMAT]", Short: "Have the server send one request in a format and show what came back", Args: mayHave("FORMAT"),
		Long: "Have the server send one request in a format now, where its egress policy allows, and show what came back.\n" +
			"Without a secret or a webhook it is signed with a random one. The exit code is 1 when the receiver didn't take it.",
		Example: "  posthorn format test mine --url https://example.com/hooks --secret-file secret.txt\n  posthorn format test -f my.yaml --webhook whc_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			trial, err := s.trial(flags, args)
			if err != nil {
				return err
			}
			c, err := s.connect()
			if err != nil {
				return err
			}
			result, err := c.TestFormat(ctx, trial)
			if err != nil {
				return err
			}
			if err := showOne(s, result, testFields(result)); err != nil {
				return err
			}
			if trial.Secret == "" && trial.WebhookID == "" {
				s.say(signedAtRandom)
			}
			if !result.Delivered {
				return &failure{code: exitFailed, message: "not delivered: " + first(result.Detail, result.Reason), next: "format preview --help"}
			}
			return nil
		}),
	}
	flags.addTo(command)
	return command
}
