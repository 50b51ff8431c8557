package store

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/posthorn/posthorn"
)

// Directory is what managing needs: workspaces, projects, environments,
// webhooks, signing keys, event types and keys. Lists are newest first (by id) unless said
// otherwise.
//
// The Update methods read the thing, give it to change and keep what change
// returns, in one transaction; an error of change is returned as it is and
// nothing is kept. Change must do nothing but compute, may be called more than
// once, and can't alter ids, owners, who created the thing and when: those stay as
// they were. What it is given is its own to alter. Update methods return what is kept
// now, or posthorn.ErrNotFound.
//
// The limit of a Create method is how many there may be of what it makes: it keeps
// nothing and returns posthorn.ErrLimit if there would be more, looked at within the
// transaction, so that no two calls take the last place. Zero means no limit.
type Directory interface {
	// CreateWorkspace keeps a workspace with its first project and environment. It
	// returns posthorn.ErrConflict if the external id is taken.
	CreateWorkspace(ctx context.Context, w posthorn.Workspace, p posthorn.Project, e posthorn.Environment) error
	// Workspace returns a workspace, or posthorn.ErrNotFound.
	Workspace(ctx context.Context, id posthorn.WorkspaceID) (posthorn.Workspace, error)
	// Workspaces lists all workspaces.
	Workspaces(ctx context.Context, page posthorn.Page) ([]posthorn.Workspace, error)
	// UpdateWorkspace returns posthorn.ErrConflict if the external id is taken.
	UpdateWorkspace(ctx context.Context, id posthorn.WorkspaceID, change func(posthorn.Workspace) (posthorn.Workspace, error)) (posthorn.Workspace, error)

	// CreateProject keeps a project with its first environment. It returns
	// posthorn.ErrNotFound if there is no such workspace. The limit is that of the
	// workspace's projects; its environments have the limit environments.
	CreateProject(ctx context.Context, p posthorn.Project, e posthorn.Environment, limit, environments int) error
	// Project returns a project, or posthorn.ErrNotFound.
	Project(ctx context.Context, id posthorn.ProjectID) (posthorn.Project, error)
	// Projects lists the projects of a workspace, or of all if it is zero.
	Projects(ctx context.Context, workspace posthorn.WorkspaceID, page posthorn.Page) ([]posthorn.Project, error)
	// UpdateProject changes a project.
	UpdateProject(ctx context.Context, id posthorn.ProjectID, change func(posthorn.Project) (posthorn.Project, error)) (posthorn.Project, error)

	// CreateEnvironment returns posthorn.ErrNotFound if there is no such project. The
	// limit is that of the workspace's environments.
	CreateEnvironment(ctx context.Context, e posthorn.Environment, limit int) error
	// Environment returns an environment, or posthorn.ErrNotFound.
	Environment(ctx context.Context, id posthorn.EnvironmentID) (posthorn.Environment, error)
	// OldestEnvironment returns the first environment of a workspace (by id), or of
	// the oldest workspace if it is zero. It returns posthorn.ErrNotFound.
	OldestEnvironment(ctx context.Context, workspace posthorn.WorkspaceID) (posthorn.Environment, error)
	// Environments lists the environments that the query picks.
	Environments(ctx context.Context, q EnvironmentQuery) ([]posthorn.Environment, error)
	// UpdateEnvironment changes an environment and the version of its directory.
	UpdateEnvironment(ctx context.Context, id posthorn.EnvironmentID, change func(posthorn.Environment) (posthorn.Environment, error)) (posthorn.Environment, error)

	// CreateWebhook returns posthorn.ErrNotFound if there is no such environment. The
	// limit is that of the environment's webhooks that are not deleted.
	CreateWebhook(ctx context.Context, w posthorn.Webhook, limit int) error
	// Webhook returns a webhook, or posthorn.ErrNotFound if it is absent or deleted.
	Webhook(ctx context.Context, id posthorn.WebhookID) (posthorn.Webhook, error)
	// Webhooks lists an environment's webhooks that are not deleted.
	Webhooks(ctx context.Context, environment posthorn.EnvironmentID, page posthorn.Page) ([]posthorn.Webhook, error)
	// CountFilters counts an environment's webhooks that are not deleted and have a
	// filter.
	CountFilters(ctx context.Context, environment posthorn.EnvironmentID) (int, error)
	// UpdateWebhook changes a webhook and the version of its directory. A webhook
	// that is deleted can't be found again, and its running replay is cancelled with it,
	// at the webhook's UpdatedAt.
	UpdateWebhook(ctx context.Context, id posthorn.WebhookID, change func(posthorn.Webhook) (posthorn.Webhook, error)) (posthorn.Webhook, error)

	// CreateEventTypes keeps those event types whose names the environment does
	// not have yet, the first of each name, and tells how many that were. They
	// belong to that environment, whatever they say. It returns posthorn.ErrNotFound
	// if there is no such environment. The limit is that of the environment's event
	// types.
	CreateEventTypes(ctx context.Context, environment posthorn.EnvironmentID, types []posthorn.EventType, limit int) (int, error)
	// EventType returns an event type, or posthorn.ErrNotFound.
	EventType(ctx context.Context, environment posthorn.EnvironmentID, name string) (posthorn.EventType, error)
	// EventTypes lists up to limit event types whose names come after the given
	// one, in the order of their names (compared byte by byte).
	EventTypes(ctx context.Context, environment posthorn.EnvironmentID, after string, limit int) ([]posthorn.EventType, error)
	// SchemaBytes returns how long the schemas of an environment's event types are
	// together.
	SchemaBytes(ctx context.Context, environment posthorn.EnvironmentID) (int, error)
	// UpdateEventType changes an event type; its name stays.
	UpdateEventType(ctx context.Context, environment posthorn.EnvironmentID, name string, change func(posthorn.EventType) (posthorn.EventType, error)) (posthorn.EventType, error)
	// DeleteEventType returns posthorn.ErrNotFound if there is none.
	DeleteEventType(ctx context.Context, environment posthorn.EnvironmentID, name string) error

	// SaveFormat keeps the next version of a workspace's format, or the first of that
	// name, and returns it. The first version is the number after the highest that a deleted format of the
	// workspace ever had. A document that is the newest one's already makes no new
	// version. It returns posthorn.ErrNotFound if there is no such workspace. The limit
	// is that of the workspace's formats.
	//
	// Earlier versions are dropped when they are older than Since, or were replaced
	// before f.Now less posthorn.FormatVersionKept and no pending or leased delivery remembers
	// them. If more than posthorn.MaxFormatVersions would be kept all the same, nothing is, and the error
	// is posthorn.ErrConflict. What is kept changes the version of the directories of all the
	// workspace's environments.
	SaveFormat(ctx context.Context, f FormatSaving) (posthorn.DeclaredFormat, error)
	// Format returns the newest version of a workspace's format, or posthorn.ErrNotFound.
	Format(ctx context.Context, workspace posthorn.WorkspaceID, name string) (posthorn.DeclaredFormat, error)
	// FormatVersion returns a version that is kept, or posthorn.ErrNotFound.
	FormatVersion(ctx context.Context, workspace posthorn.WorkspaceID, version posthorn.FormatVersion) (posthorn.DeclaredFormat, error)
	// Formats lists the newest versions of up to limit formats of a workspace whose names
	// come after the given one, in the order of their names (compared byte by byte).
	Formats(ctx context.Context, workspace posthorn.WorkspaceID, after string, limit int) ([]posthorn.DeclaredFormat, error)
	// FormatUsers tells who of a workspace names a format: up to limit environments,
	// as their default, and up to limit webhooks that are not deleted, both oldest
	// first.
	FormatUsers(ctx context.Context, workspace posthorn.WorkspaceID, name string, limit int) (FormatUsers, error)
	// DeleteFormat drops all versions of a format. It returns posthorn.ErrNotFound, or
	// posthorn.ErrConflict if the format has users.
	DeleteFormat(ctx context.Context, workspace posthorn.WorkspaceID, name string) error

	// SigningKeys returns all signing keys of an environment, newest first; none if
	// there is no such environment.
	SigningKeys(ctx context.Context, environment posthorn.EnvironmentID) ([]posthorn.SigningKey, error)
	// SigningKey returns a signing key, or posthorn.ErrNotFound.
	SigningKey(ctx context.Context, id posthorn.SigningKeyID) (posthorn.SigningKey, error)
	// UpdateSigningKeys gives all signing keys of an environment to change, newest
	// first, with the version at which the directory is within the transaction, keeps
	// what it returns instead of them, and changes that version. New keys belong to
	// that environment, whatever they say.
	UpdateSigningKeys(ctx context.Context, environment posthorn.EnvironmentID, change func(keys []posthorn.SigningKey, at Version) ([]posthorn.SigningKey, error)) ([]posthorn.SigningKey, error)

	// CreateKey keeps a key. It returns posthorn.ErrConflict if a key with this
	// hash exists, posthorn.ErrNotFound if there is no such workspace. The limit is
	// that of the workspace's keys that are not revoked; platform keys have none.
	CreateKey(ctx context.Context, k posthorn.Key, limit int) error
	// Key returns a key, revoked or not, or posthorn.ErrNotFound.
	Key(ctx context.Context, id posthorn.KeyID) (posthorn.Key, error)
	// KeyByHash returns a key that is not revoked, or posthorn.ErrNotFound.
	KeyByHash(ctx context.Context, hash [sha256.Size]byte) (posthorn.Key, error)
	// Keys lists the keys of a workspace, or all keys if it is zero.
	Keys(ctx context.Context, workspace posthorn.WorkspaceID, page posthorn.Page) ([]posthorn.Key, error)
	// RevokeKey makes a key useless from now on; revoking it again changes
	// nothing. It returns posthorn.ErrNotFound.
	RevokeKey(ctx context.Context, id posthorn.KeyID, at time.Time) (posthorn.Key, error)
}

// EnvironmentQuery picks environments. Zero fields pick everything.
type EnvironmentQuery struct {
	WorkspaceID posthorn.WorkspaceID
	ProjectID   posthorn.ProjectID
	Page        posthorn.Page
}

// FormatSaving is a format to be kept as the next version.
type FormatSaving struct {
	WorkspaceID posthorn.WorkspaceID
	Name        string
	Document    []byte
	// AppliesToAll makes Since of what is kept its own version: deliveries that
	// remember an earlier one take it too. Else Since stays what it was.
	AppliesToAll bool
	// CreatedBy is kept with the first version.
	CreatedBy string
	Now       time.Time
	Limit     int
}

// FormatUsers is who names a format.
type FormatUsers struct {
	Environments []posthorn.EnvironmentID
	Webhooks     []posthorn.Webhook
}

// Any reports whether anybody does.
func (u FormatUsers) Any() bool { return len(u.Environments)+len(u.Webhooks) > 0 }
