package posthorn

import "time"

// Bounds of the versions of a declared format.
const (
	// MaxFormatVersions is how many versions of a format are kept at once.
	MaxFormatVersions = 10
	// FormatVersionKept is how long a version is kept after the next one was saved,
	// even if no delivery remembers it: a request made of it may be under way.
	FormatVersionKept = time.Hour
)

// FormatVersion names a version of a format that a workspace declared. The zero
// value names none.
type FormatVersion struct {
	Name string
	// Version counts up from 1 with each change; no number is used again, even when the
	// format was deleted and another one of that name made.
	Version int
}

// IsZero reports whether it names none.
func (v FormatVersion) IsZero() bool { return v == FormatVersion{} }

// DeclaredFormat is a version of a format that a workspace declared for its own
// webhooks.
type DeclaredFormat struct {
	WorkspaceID WorkspaceID
	FormatVersion
	// Document describes the format, as JSON.
	Document []byte
	// Since is the oldest version that deliveries keep to the end of their retries;
	// those that remember an older one take the newest.
	Since int
	// CreatedBy and CreatedAt tell of the format's first version, UpdatedAt is when
	// this version was saved.
	CreatedBy string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Rendered returns the version that a delivery is rendered with: the one that it
// remembers, as long as that is this format and not too old, else this one.
func (f DeclaredFormat) Rendered(remembered FormatVersion) FormatVersion {
	if remembered.Name == f.Name && remembered.Version >= f.Since && remembered.Version < f.Version {
		return remembered
	}
	return f.FormatVersion
}
