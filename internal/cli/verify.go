package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/client"
	"github.com/posthorn/posthorn/internal/detect"
)

// verifyFlags say what a captured request is held against.
type verifyFlags struct {
	captureFlags
	format, webhook, at string
	files               []string
}

func (s *session) verifyCommand() *cobra.Command {
	var flags verifyFlags
	command := &cobra.Command{
		Use: "verify", Short: "Say whether a captured request is valid, and else why not", Args: needs(),
		Long: "Verify the signature of a captured request, and find the cause if it is wrong: a body that was re-encoded, a secret that\n" +
			"was rotated out or read in another way, another format, a clock, a header. All formats are tried unless one is named.\n" +
			"Of several secrets the first is the current one. No server is asked, except with --webhook: then it uses the secrets,\n" +
			"the format and the events that it knows. The exit code is 0 for a valid request and 1 for another.",
		Example: "  posthorn verify --request captured.http --secret-file secret.txt\n  posthorn verify --request captured.http --webhook whc_abc123 --at 2026-01-02T03:04:05Z",
		RunE:    s.does(func(ctx context.Context, _ []string) error { return s.verify(ctx, flags) }),
	}
	flags.addTo(command)
	set := command.Flags()
	set.StringVar(&flags.format, "format", "", "format that it should be of (default any, or the webhook's)")
	set.StringArrayVarP(&flags.files, "file", "f", nil, "a format that isn't built in: YAML or JSON file; repeatable")
	set.StringVar(&flags.webhook, "webhook", "", "webhook that it was sent to; asks the server")
	set.StringVar(&flags.at, "at", "", "when the request came, for timestamps (default what the capture says, or now)")
	return command
}

func (s *session) verify(ctx context.Context, flags verifyFlags) error {
	request, text, secrets, err := flags.read(s, "verify")
	if err != nil {
		return err
	}
	at, err := parseTime("at", flags.at)
	if err != nil {
		return err
	}
	if flags.webhook != "" {
		if len(flags.files) > 0 || flags.url != "" {
			return usage("--webhook excludes --file and --url: the server knows them", "verify --help")
		}
		return s.verifyAtServer(ctx, client.VerifyQuestion{
			CapturedRequest: client.CapturedRequest{Request: text, Secrets: secrets}, WebhookID: flags.webhook, Format: flags.format, ReceivedAt: at,
		})
	}
	if len(secrets) == 0 {
		return usage("verify needs --secret-file, or --webhook to use the secrets that the server keeps", "verify --help")
	}
	question := detect.Question{Request: request, Format: flags.format, Now: at, Budget: detect.NewBudget(ctx, detect.LargeBudget)}
	for i, secret := range secrets {
		question.Secrets = append(question.Secrets, detect.Secret{Value: secret, IsFormer: i > 0 && !detect.IsPublicKey(secret)})
	}
	if question.Now.IsZero() {
		question.Now = request.ReceivedAt
	}
	if question.Now.IsZero() {
		question.Now = s.now()
	}
	if question.Known, err = s.knownFormats(flags.files); err != nil {
		return err
	}
	if flags.format == "" && len(flags.files) == 1 {
		question.Format = question.Known[len(question.Known)-1].Name
	}
	isKnown := func(format posthorn.Format) bool { return format.Name == flags.format }
	if flags.format != "" && !slices.ContainsFunc(question.Known, isKnown) {
		return notBuiltIn(flags.format)
	}
	diagnosis, err := detect.Diagnose(ctx, question)
	if err != nil {
		return usageOf(err)
	}
	shown := shownDiagnosis(diagnosis)
	if s.output != asTable {
		err = s.writeAsJSON(shown)
	} else {
		err = s.showVerification(shown)
	}
	return verdict(shown, err)
}

func (s *session) verifyAtServer(ctx context.Context, question client.VerifyQuestion) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	found, err := c.Verify(ctx, question)
	if err != nil {
		return err
	}
	if s.output != asTable {
		err = s.writeJSON(found.JSON())
	} else {
		err = s.showVerification(found)
	}
	return verdict(found, err)
}

// verdict is how the command ends once all has been said.
func verdict(shown client.Verification, err error) error {
	if err != nil || shown.Valid {
		return err
	}
	return &failure{code: exitFailed}
}

func (s *session) showVerification(shown client.Verification) error {
	text := escape(shown.Detail) + "\n"
	if shown.Hint != "" {
		text += escape(shown.Hint) + "\n"
	}
	return s.write([]byte(text))
}

func shownDiagnosis(d detect.Diagnosis) client.Verification {
	shown := client.Verification{Valid: d.IsValid, Format: d.Format, Nearest: d.Nearest, Stopped: d.IsStopped, Detail: d.Detail, Hint: d.Hint}
	if !d.SignedAt.IsZero() {
		at := d.SignedAt.UTC().Truncate(time.Millisecond)
		shown.SignedAt = &at
	}
	if d.EventID != "" {
		shown.EventID = &d.EventID
	}
	if d.Cause != "" {
		cause := string(d.Cause)
		shown.Cause = &cause
	}
	if d.Offset >= 0 {
		shown.Offset = &d.Offset
	}
	return shown
}

func asProblem(err error) (*posthorn.Error, bool) {
	var problem *posthorn.Error
	return problem, errors.As(err, &problem)
}
