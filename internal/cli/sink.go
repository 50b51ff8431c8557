package cli

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/hostile"
	"github.com/posthorn/posthorn/signature"
)

// sinkFlags are what a sink is asked for.
type sinkFlags struct {
	listen, chaos, secretFile, format, file string
	list                                    bool
}

func (s *session) sinkCommand() *cobra.Command {
	var flags sinkFlags
	command := &cobra.Command{
		Use: "sink", Short: "Receive webhooks, show them, and misbehave on demand", Args: needs(),
		Long: "Listens for webhooks, shows each request that arrives, and answers 200. With --chaos it misbehaves:\n" +
			"requests meet the behaviours in turn. --list shows them. With --secret-file it verifies every signature\n" +
			"and shows the result; its answer stays the same. A line of -o jsonl is a capture that verify and format infer take.\n" +
			"It needs no server and no API key; Ctrl-C ends it.",
		Example: "  posthorn sink\n  posthorn sink --chaos ok,ok,status=503,reset\n  posthorn sink --chaos slow-headers --listen 127.0.0.1:9000\n" +
			"  posthorn sink --secret-file secret.txt --format standard -o jsonl\n  posthorn sink --list",
		RunE: s.does(func(ctx context.Context, _ []string) error { return s.sink(ctx, flags) }),
	}
	set := command.Flags()
	set.StringVar(&flags.listen, "listen", "127.0.0.1:3000", "address and port to listen on; port 0 takes a free one")
	set.StringVar(&flags.chaos, "chaos", "", "behaviours, NAME or NAME=ARGUMENT, separated by commas")
	set.BoolVar(&flags.list, "list", false, "show the behaviours and end")
	set.StringVar(&flags.secretFile, "secret-file", "", "file that holds the webhook's secret")
	set.StringVar(&flags.format, "format", posthorn.DefaultFormat, "format of the signatures: "+strings.Join(signature.Formats(), ", "))
	set.StringVarP(&flags.file, "file", "f", "", "a format that isn't built in, instead of --format: YAML or JSON file")
	s.completeFlag(command, "format", signature.Formats()...)
	command.MarkFlagsMutuallyExclusive("format", "file")
	return command
}

func (s *session) sink(ctx context.Context, flags sinkFlags) error {
	if s.output == asJSON {
		return usage("a sink has no end that JSON could wait for; use -o jsonl", "sink -o jsonl")
	}
	if flags.list {
		return s.showBehaviours()
	}
	secret, err := s.readSecret(flags.secretFile, false)
	if err != nil {
		return err
	}
	scheme, err := s.schemeFor(flags)
	if err != nil {
		return err
	}
	choices, err := hostile.Parse(first(flags.chaos, "ok"))
	if err != nil {
		return usage(err.Error(), "sink --list")
	}
	arrivals := make(chan hostile.Arrival)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	arrived := func(arrival hostile.Arrival) {
		select {
		case arrivals <- arrival:
		case <-ctx.Done():
		}
	}
	receiver, err := hostile.Listen(ctx, hostile.Options{Address: flags.listen, Choices: choices, Arrived: arrived, Now: s.now})
	if err != nil {
		return &failure{code: exitFailed, message: err.Error(), hint: "Choose another address with --listen."}
	}
	s.sayWhere(receiver, choices)
	err = s.showArrivals(ctx, arrivals, judge{secret: secret, scheme: scheme, now: s.now})
	stop()
	if failed := receiver.Close(); err == nil {
		err = failed
	}
	return err
}

// schemeFor is that of the built-in format, or of the one in a file.
func (s *session) schemeFor(flags sinkFlags) (signature.Scheme, error) {
	if flags.file != "" {
		format, err := s.formatOfFile(flags.file)
		if err != nil {
			return signature.Scheme{}, err
		}
		return schemeOf(format, flags.file)
	}
	scheme, found := signature.Lookup(flags.format)
	if !found {
		return signature.Scheme{}, notBuiltIn(flags.format)
	}
	return scheme, nil
}

// notBuiltIn says how a command that asks no server comes to a declared format.
func notBuiltIn(name string) error {
	told := usage(fmt.Sprintf("%q is not a built-in format; those are %s", name, strings.Join(signature.Formats(), ", ")), "format get "+escape(name)+" -o json > FILE")
	told.hint = "If it is one that your workspace declared, give its file with -f FILE."
	return told
}

func (s *session) sayWhere(receiver *hostile.Receiver, choices []hostile.Choice) {
	scheme, names := "http", make([]string, len(choices))
	for i, choice := range choices {
		names[i] = choice.String()
		if choice.Secure() {
			scheme = "https"
		}
	}
	s.say("receives on %s://%s and behaves: %s\n\nCtrl-C stops it.", scheme, receiver.Address(), strings.Join(names, ", "))
}

// showArrivals shows what arrives until ctx ends.
func (s *session) showArrivals(ctx context.Context, arrivals <-chan hostile.Arrival, j judge) error {
	for number := 1; ; number++ {
		select {
		case arrival := <-arrivals:
			if err := s.showArrival(shownArrival(number, arrival, j)); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *session) showBehaviours() error {
	if s.output == asLines {
		for _, behaviour := range hostile.Behaviours() {
			line, err := json.Marshal(map[string]string{"name": behaviour.Name, "argument": behaviour.Argument, "summary": behaviour.Summary})
			if err != nil {
				return fmt.Errorf("writing the behaviours: %w", err)
			}
			if err := s.writeJSON(line); err != nil {
				return err
			}
		}
		return nil
	}
	rows := [][]string{{"BEHAVIOUR", "DEFAULT", "WHAT IT DOES"}}
	for _, behaviour := range hostile.Behaviours() {
		rows = append(rows, []string{behaviour.Name, behaviour.Argument, behaviour.Summary})
	}
	return s.writeRows(rows)
}

// sinkLine is one arrival as it is shown.
type sinkLine struct {
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	// Behaviour is what the request meets.
	Behaviour string `json:"behaviour"`
	// Method and what follows are empty when the request isn't read.
	Method  string              `json:"method,omitempty"`
	Path    string              `json:"path,omitempty"`
	URL     string              `json:"url,omitempty"`
	Headers map[string][]string `json:"headers,omitempty"`
	Body    string              `json:"body,omitempty"`
	// BodyEncoding is base64 when the body is not UTF-8.
	BodyEncoding string `json:"bodyEncoding,omitempty"`
	// BodyBytes is how long the body is.
	BodyBytes int `json:"bodyBytes"`
	// Signature is "verified", what is wrong with it, or empty if nobody asked.
	Signature string `json:"signature,omitempty"`
}

// judge verifies signatures; without a secret it says nothing.
type judge struct {
	secret string
	scheme signature.Scheme
	now    func() time.Time
}

func (j judge) verdict(url string, headers map[string][]string, body []byte) string {
	if j.secret == "" {
		return ""
	}
	if _, err := j.scheme.Verify([]string{j.secret}, headers, body, j.now(), signature.WithURL(url)); err != nil {
		return err.Error()
	}
	return "verified"
}

func shownArrival(number int, arrival hostile.Arrival, j judge) sinkLine {
	line := sinkLine{Number: number, At: arrival.At.UTC(), Behaviour: arrival.Behaviour.String()}
	if arrival.Request == nil {
		return line
	}
	line.Method, line.Path, line.Headers = arrival.Request.Method, arrival.Request.URL.RequestURI(), arrival.Request.Header
	line.Body, line.BodyBytes = string(arrival.Body), len(arrival.Body)
	if !utf8.Valid(arrival.Body) {
		line.Body, line.BodyEncoding = base64.StdEncoding.EncodeToString(arrival.Body), "base64"
	}
	line.URL = "http://" + arrival.Request.Host + line.Path
	if arrival.Request.TLS != nil {
		line.URL = "https://" + arrival.Request.Host + line.Path
	}
	if arrival.Body != nil {
		line.Signature = j.verdict(line.URL, line.Headers, arrival.Body)
	}
	return line
}

func (s *session) showArrival(line sinkLine) error {
	if s.output == asLines {
		text, err := json.Marshal(line)
		if err != nil {
			return fmt.Errorf("writing what arrived: %w", err)
		}
		return s.writeJSON(text)
	}
	what := "a connection, its request not read"
	if line.Method != "" {
		what = line.Method + " " + line.Path + ", " + strconv.Itoa(line.BodyBytes) + " bytes"
	}
	if line.Signature != "" {
		what += ", " + line.Signature
	}
	text := fmt.Sprintf("%d  %s  %s -> %s\n", line.Number, line.At.Format("15:04:05.000Z"), escape(what), escape(line.Behaviour))
	if line.Body != "" && line.BodyEncoding == "" {
		text += "   " + escape(clipped(line.Body)) + "\n"
	}
	return s.write([]byte(text))
}

// longestBody is how much of a body a person is shown, in bytes; jsonl has all.
const longestBody = 400

func clipped(text string) string {
	if len(text) <= longestBody {
		return text
	}
	return strings.ToValidUTF8(text[:longestBody], "") + "…"
}
