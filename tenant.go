package posthorn

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Workspace is a tenant: who owns webhooks and keys.
type Workspace struct {
	ID   WorkspaceID
	Name string
	// ExternalID is the tenant's id in the operator's own system; unique when set.
	ExternalID string
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Validate checks the workspace. It returns an *Error with CodeInvalid.
func (w Workspace) Validate() error {
	var problems Problems
	problems.Add(validateName("/name", w.Name))
	problems.Add(validateText("/externalId", w.ExternalID, MaxName))
	return problems.Err()
}

// Project groups the environments of one product within a workspace.
type Project struct {
	ID          ProjectID
	WorkspaceID WorkspaceID
	Name        string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Validate checks the project. It returns an *Error with CodeInvalid.
func (p Project) Validate() error {
	var problems Problems
	problems.Add(validateName("/name", p.Name))
	return problems.Err()
}

// EnvironmentKind decides how careful Posthorn is with receivers.
type EnvironmentKind string

// The kinds of environment. In production a webhook's URL must be https and
// its address public; in development http and loopback are allowed.
const (
	Production  EnvironmentKind = "production"
	Development EnvironmentKind = "development"
)

// Environment is where webhooks and events live.
type Environment struct {
	ID          EnvironmentID
	WorkspaceID WorkspaceID
	ProjectID   ProjectID
	Name        string
	Kind        EnvironmentKind
	// DefaultFormat is the format of webhooks that name none.
	DefaultFormat string
	// DefaultRetries is the number of retries when webhook, event type and format
	// say nothing.
	DefaultRetries int
	// DefaultValidation holds for event types that have a schema and say nothing.
	DefaultValidation Validation
	CreatedAt         time.Time
	UpdatedAt         time.Time
}

// Validate checks the environment. Whether the default format exists is checked
// by who knows the formats. It returns an *Error with CodeInvalid.
func (e Environment) Validate() error {
	var problems Problems
	problems.Add(validateName("/name", e.Name))
	if e.Kind != Production && e.Kind != Development {
		problems.Add(Invalid("/kind", fmt.Sprintf("%q is not a kind of environment.", clip(string(e.Kind))), "Use production or development."))
	}
	problems.Add(validateRetries("/defaultRetries", e.DefaultRetries))
	problems.Add(validateValidation("/defaultValidation", e.DefaultValidation))
	return problems.Err()
}

// Limits of text fields, in bytes.
const (
	MaxName        = 200
	MaxDescription = 2000
)

func validateName(pointer, name string) *Error {
	if strings.TrimSpace(name) == "" {
		return Invalid(pointer, "A name is needed.", "Give a name of at least one visible character.")
	}
	return validateText(pointer, name, MaxName)
}

func validateText(pointer, text string, limit int) *Error {
	if len(text) > limit {
		return Invalid(pointer, fmt.Sprintf("The text is %d bytes long; the limit is %d.", len(text), limit), "Shorten it.")
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, isControl) {
		return Invalid(pointer, "The text has characters that can't be shown.", "Remove control characters.")
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }
