package cli

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

const howToGiveAKey = "Give a key with --api-key-file FILE or POSTHORN_API_KEY, or keep it in a context."

func fromProblem(command *cobra.Command, problem *client.Error) *failure {
	told := &failure{code: exitFailed, message: problem.Message(), hint: inFlags(problem.Hint)}
	switch {
	case len(problem.Errors) > 1:
		told.message, told.hint = everyMistake(problem), ""
	case len(problem.Errors) == 1 && strings.Count(problem.Errors[0].Pointer, "/") > 1:
		told.message += " Its place is " + problem.Errors[0].Pointer + "." // a name alone may stand in several places
	}
	if problem.RequestID != "" && problem.Status >= http.StatusInternalServerError {
		told.message += "\nThe server's log has more under " + problem.RequestID + "."
	}
	switch problem.Status {
	case http.StatusUnauthorized:
		told.code, told.hint, told.next = exitAuthentication, howToGiveAKey, "context show"
	case http.StatusForbidden:
		told.code, told.next = exitAuthentication, "context show"
	case http.StatusNotFound:
		told.code, told.next = exitNotFound, sibling(command, "list")
	case http.StatusConflict, http.StatusPreconditionFailed:
		told.code, told.next = exitConflict, sibling(command, "get")
		if command.Name() == "create" {
			told.next = sibling(command, "list")
		}
	case http.StatusRequestEntityTooLarge:
		told.hint = "Whoever runs the server sets the limit: serve --max-body-bytes, 1048576 unless told otherwise."
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusInsufficientStorage:
		told.code = exitUnavailable
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		told.next = below(command) + "--help"
		if problem.Code == "idempotency_mismatch" {
			told.code = exitConflict
		}
	}
	return told
}

// everyMistake lists the mistakes of a request, each with its field and with what
// to do about it.
func everyMistake(problem *client.Error) string {
	var text strings.Builder
	fmt.Fprintf(&text, "the server found %d mistakes", len(problem.Errors))
	for _, mistake := range problem.Errors {
		hint := mistake.Hint
		if hint == "" && mistake.Detail == problem.Detail {
			hint = problem.Hint
		}
		place := first(strings.TrimPrefix(mistake.Pointer, "/"), "request") + ": "
		if strings.HasPrefix(mistake.Detail, strings.TrimSuffix(place, ": ")+" ") {
			place = "" // the sentence begins with it
		}
		fmt.Fprintf(&text, "\n  %s%s", place, strings.TrimSpace(mistake.Detail+" "+inFlags(hint)))
	}
	return text.String()
}

// inFlags says in flags and commands what a server says in members and routes of its
// API. What it doesn't know stays as it is.
func inFlags(hint string) string {
	return strings.NewReplacer(
		`"overlapSeconds": 0`, "--overlap 0s",
		`Leave out "id"`, "Leave out --id",
		"another externalId", "another --external-id",
		`"forceFilter": true`, "--force-filter",
		`set "handshake": false`, "turn it off with webhook update --handshake=false",
		`Set "handshake": true`, "Turn it on with webhook update --handshake",
		`"update": true`, "--update",
		"Save it with ?appliesTo=all", "Save it with --apply-now",
		"GET /v1/formats lists the names", "posthorn format list shows the names",
		"POST /v1/signing-keys, or posthorn signing-key create", "posthorn signing-key create ALGORITHM",
		"POST /v1/signing-keys/rotate", "posthorn signing-key rotate",
		"POST /v1/signing-keys", "posthorn signing-key create ALGORITHM",
		"POST /v1/webhooks/ID/handshake", "posthorn webhook handshake ID",
		"GET /v1/events/ID/explain?webhook=ID", "posthorn event explain ID --webhook ID",
	).Replace(hint)
}

func fromConnection(lost *client.ConnectionError) *failure {
	told := &failure{
		code: exitUnavailable, message: "can't reach " + lost.Server + ": " + innermost(lost.Err),
		hint: "Is it running there? Another server is named with --server, POSTHORN_SERVER or a context.", next: "context show",
	}
	// The words are net/http's; it has no type for this error.
	if host, isHTTPS := strings.CutPrefix(lost.Server, "https://"); isHTTPS && strings.Contains(lost.Err.Error(), "server gave HTTP response to HTTPS client") {
		told.message, told.hint = lost.Server+" speaks http, not https", "Name it http://"+host+", in --server, POSTHORN_SERVER or the context."
	}
	return told
}

// innermost leaves out what only a programmer wants to read: method, URL, layers.
func innermost(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
