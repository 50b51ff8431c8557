package manage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/wire"
)

// Dialects finds how requests look; *dialects.Library is one.
type Dialects interface {
	// Formats returns the built-in formats, sorted by name.
	Formats() []posthorn.Format
	// BuiltIn returns the dialect of a built-in format.
	BuiltIn(name string) (*wire.Dialect, bool)
	// Declared returns the dialect of a version of a workspace's format, or
	// posthorn.ErrNotFound.
	Declared(ctx context.Context, workspace posthorn.WorkspaceID, version posthorn.FormatVersion) (*wire.Dialect, error)
}

// Scope says whose formats are meant: those of the named workspace, of the named
// environment's, or else of the oldest workspace in reach.
type Scope struct {
	WorkspaceID   posthorn.WorkspaceID
	EnvironmentID posthorn.EnvironmentID
}

func (m *Manager) workspaceOf(ctx context.Context, p Principal, s Scope) (posthorn.WorkspaceID, error) {
	if s.EnvironmentID.IsZero() {
		return m.workspaceFor(ctx, p, s.WorkspaceID)
	}
	environment, err := m.environment(ctx, p, s.EnvironmentID)
	if err != nil {
		return posthorn.WorkspaceID{}, err
	}
	if !s.WorkspaceID.IsZero() && s.WorkspaceID != environment.WorkspaceID {
		return posthorn.WorkspaceID{}, posthorn.ErrNotFound
	}
	return environment.WorkspaceID, nil
}

// FormatDetails is a format with what is shown beside it.
type FormatDetails struct {
	posthorn.Format
	// Declared is nil for a built-in format.
	Declared *posthorn.DeclaredFormat
	// Warnings tell what the format lets others do with requests that they have seen,
	// with pointers into its document.
	Warnings []*posthorn.Error
}

// Formats lists up to limit formats that a workspace can use, the built-in ones and its own,
// whose names come after the given one, sorted by name.
func (m *Manager) Formats(ctx context.Context, p Principal, s Scope, after string, limit int) ([]FormatDetails, error) {
	workspace, err := m.workspaceOf(ctx, p, s)
	if err != nil {
		return nil, err
	}
	endTurn, err := m.listings.take(ctx, workspace)
	if err != nil {
		return nil, err
	}
	defer endTurn()
	own, err := m.store.Formats(ctx, workspace, after, limit)
	if err != nil {
		return nil, passOn("listing formats", err)
	}
	all := make([]FormatDetails, 0, limit)
	for _, declared := range own {
		shown, err := detailsOfFormat(declared)
		if err != nil {
			return nil, err
		}
		all = append(all, shown)
	}
	for _, format := range m.formats.Formats() {
		if format.Name > after {
			all = append(all, FormatDetails{Format: format})
		}
	}
	slices.SortFunc(all, func(one, other FormatDetails) int { return strings.Compare(one.Name, other.Name) })
	return all[:min(limit, len(all))], nil
}

// Format returns a format that a workspace can use, in its newest version if that is zero, or
// posthorn.ErrNotFound. Built-in formats have no versions.
func (m *Manager) Format(ctx context.Context, p Principal, s Scope, version posthorn.FormatVersion) (FormatDetails, error) {
	workspace, err := m.workspaceOf(ctx, p, s)
	if err != nil {
		return FormatDetails{}, err
	}
	if dialect, exists := m.formats.BuiltIn(version.Name); exists && version.Version == 0 {
		return FormatDetails{Format: dialect.Format()}, nil
	}
	declared, err := m.declared(ctx, workspace, version)
	if err != nil {
		return FormatDetails{}, err
	}
	return detailsOfFormat(declared)
}

func (m *Manager) declared(ctx context.Context, workspace posthorn.WorkspaceID, version posthorn.FormatVersion) (posthorn.DeclaredFormat, error) {
	read := m.store.FormatVersion
	if version.Version == 0 {
		read = func(ctx context.Context, workspace posthorn.WorkspaceID, version posthorn.FormatVersion) (posthorn.DeclaredFormat, error) {
			return m.store.Format(ctx, workspace, version.Name)
		}
	}
	declared, err := read(ctx, workspace, version)
	if errors.Is(err, posthorn.ErrNotFound) {
		return posthorn.DeclaredFormat{}, noFormat(version)
	}
	if err != nil {
		return posthorn.DeclaredFormat{}, passOn("reading a format", err)
	}
	return declared, nil
}

// noFormat tells that a workspace can't use a format, in words for what has a name.
func noFormat(version posthorn.FormatVersion) *posthorn.Error {
	what := fmt.Sprintf("There is no format %q here.", clip(version.Name))
	if version.Version != 0 {
		what = fmt.Sprintf("There is no version %d of a format %q here.", version.Version, clip(version.Name))
	}
	return &posthorn.Error{Code: posthorn.CodeNotFound, Message: what, Hint: "GET /v1/formats lists the names."}
}

func detailsOfFormat(declared posthorn.DeclaredFormat) (FormatDetails, error) {
	format, err := wire.ParseFormat(declared.Document)
	if err != nil {
		return FormatDetails{}, fmt.Errorf("reading the format %s: %w", declared.Name, err)
	}
	details := FormatDetails{Format: format, Declared: &declared}
	if dialect, err := wire.Compile(format); err == nil { // else it can still be looked at
		details.Warnings = dialect.Warnings()
	}
	return details, nil
}

// MaxFormatText is the longest text of a format, in bytes.
const MaxFormatText = wire.MaxFormatText

// FormatDocument returns a format as the JSON document that describes it.
func FormatDocument(format posthorn.Format) []byte { return wire.FormatJSON(format) }

// SaveFormat keeps a format, which is YAML or JSON, as the newest version of that name; it may leave
// out its name. Deliveries that were tried before keep the version of their first
// attempt, unless the new one applies to all. It returns a conflict for
// the name of a built-in format, and when a webhook that uses the format could not be sent to with it.
func (m *Manager) SaveFormat(ctx context.Context, p Principal, s Scope, name string, text []byte, appliesToAll bool) (FormatDetails, error) {
	workspace, err := m.workspaceOf(ctx, p, s)
	if err != nil {
		return FormatDetails{}, err
	}
	if _, isBuiltIn := m.formats.BuiltIn(name); isBuiltIn {
		return FormatDetails{}, builtInName(name, "changed")
	}
	dialect, err := readDialect(name, text)
	if err != nil {
		return FormatDetails{}, err
	}
	document := wire.FormatJSON(dialect.Format())
	if _, err := wire.ParseFormat(document); err != nil { // it grows when it is written out
		return FormatDetails{}, err
	}
	if err := m.checkUsers(ctx, workspace, name, dialect); err != nil {
		return FormatDetails{}, err
	}
	declared, err := m.store.SaveFormat(ctx, store.FormatSaving{
		WorkspaceID: workspace, Name: name, Document: document, AppliesToAll: appliesToAll,
		CreatedBy: p.KeyID.String(), Now: m.now(), Limit: m.limits.Formats,
	})
	if errors.Is(err, posthorn.ErrConflict) {
		return FormatDetails{}, tooManyVersions(name)
	}
	if err != nil {
		return FormatDetails{}, passOn("saving the format", limited(err, "formats", "workspace", m.limits.Formats, "delete one that is no longer used"))
	}
	m.notifier.FormatsChanged(workspace)
	return FormatDetails{Format: dialect.Format(), Declared: &declared, Warnings: dialect.Warnings()}, nil
}

// readDialect reads and checks the text of a format. A name that it says must be
// the given one, if there is one.
func readDialect(name string, text []byte) (*wire.Dialect, error) {
	format, err := wire.ParseFormat(text)
	if err != nil {
		return nil, err
	}
	if format.Name != "" && name != "" && format.Name != name {
		return nil, posthorn.Invalid("/name", fmt.Sprintf("The format calls itself %q, and is to be saved as %q.", clip(format.Name), clip(name)), "Leave out the name, or use the same one.")
	}
	if format.Name == "" {
		format.Name = cmp.Or(name, "unsaved")
	}
	return wire.Compile(format)
}

func builtInName(name, what string) error {
	return &posthorn.Error{
		Code: posthorn.CodeConflict, Pointer: "/name", Message: fmt.Sprintf("The format %q is built in and can't be %s.", name, what),
		Hint: "Choose another name, for example my-" + name + ".",
	}
}

func tooManyVersions(name string) error {
	return &posthorn.Error{
		Code:    posthorn.CodeConflict,
		Message: fmt.Sprintf("%d versions of the format %q are kept, as many as there may be: each is younger than %s, or a waiting delivery was first sent with it.", posthorn.MaxFormatVersions, name, posthorn.FormatVersionKept),
		Hint:    "Save it with ?appliesTo=all, so that waiting deliveries take the new version; or wait.",
	}
}

// DeleteFormat deletes a workspace's format with all its versions. It returns a
// conflict that says by whom it is used.
func (m *Manager) DeleteFormat(ctx context.Context, p Principal, s Scope, name string) error {
	workspace, err := m.workspaceOf(ctx, p, s)
	if err != nil {
		return err
	}
	if _, isBuiltIn := m.formats.BuiltIn(name); isBuiltIn {
		return builtInName(name, "deleted")
	}
	err = m.store.DeleteFormat(ctx, workspace, name)
	if errors.Is(err, posthorn.ErrConflict) {
		return m.formatInUse(ctx, workspace, name)
	}
	if err != nil {
		return passOn("deleting the format", err)
	}
	m.notifier.FormatsChanged(workspace)
	return nil
}

func (m *Manager) formatInUse(ctx context.Context, workspace posthorn.WorkspaceID, name string) error {
	const named = 5
	users, err := m.store.FormatUsers(ctx, workspace, name, named+1)
	if err != nil {
		return passOn("looking for who uses the format", err)
	}
	ids := make([]string, 0, 2*named)
	for _, id := range users.Environments[:min(named, len(users.Environments))] {
		ids = append(ids, id.String()+" (as its default)")
	}
	for _, webhook := range users.Webhooks[:min(named, len(users.Webhooks))] {
		ids = append(ids, webhook.ID.String())
	}
	if len(users.Environments) > named || len(users.Webhooks) > named {
		ids = append(ids, "and others")
	}
	return &posthorn.Error{
		Code: posthorn.CodeConflict, Message: fmt.Sprintf("The format %q is used by %s.", name, strings.Join(ids, ", ")),
		Hint: "Give them another format first.",
	}
}
