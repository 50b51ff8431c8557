package dialects

import (
	"context"
	"errors"
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// Style is what a delivery is rendered with, or why there is nothing.
type Style struct {
	dialect *wire.Dialect
	problem string
	// version is the dialect's, zero for a built-in format.
	version posthorn.FormatVersion
}

// Format returns the format; without one, it is empty.
func (s Style) Format() posthorn.Format {
	if s.dialect == nil {
		return posthorn.Format{}
	}
	return s.dialect.Format()
}

// Render makes the request, as wire.Dialect does. It returns an *posthorn.Error with CodeInvalid
// when there is no format.
func (s Style) Render(in wire.Input) (posthorn.Request, error) {
	if s.dialect == nil {
		return posthorn.Request{}, posthorn.Invalid("", s.problem, "Give the webhook another format.")
	}
	return s.dialect.Render(in)
}

// Directory knows which version of a declared format is the newest.
type Directory interface {
	// Format returns the newest version, its document left out; false when there is
	// no format of that name.
	Format(name string) (posthorn.DeclaredFormat, bool)
}

// Style finds what a delivery is rendered with: the version of its webhook's
// format that it remembers, as long as that is kept and meant for it, else the
// newest. An error means that this can't be said now.
func (l *Library) Style(ctx context.Context, directory Directory, webhook *posthorn.Webhook, remembered posthorn.FormatVersion) (Style, error) {
	if dialect, ok := l.BuiltIn(webhook.Format); ok {
		return Style{dialect: dialect}, nil
	}
	newest, ok := directory.Format(webhook.Format)
	if !ok {
		return Style{problem: fmt.Sprintf("The webhook's format %q does not exist here.", webhook.Format)}, nil
	}
	version := newest.Rendered(remembered)
	dialect, err := l.Declared(ctx, webhook.WorkspaceID, version)
	if errors.Is(err, posthorn.ErrNotFound) && version != newest.FormatVersion {
		version = newest.FormatVersion
		dialect, err = l.Declared(ctx, webhook.WorkspaceID, version)
	}
	var unusable *posthorn.Error
	if errors.As(err, &unusable) && unusable.Code == posthorn.CodeInvalid {
		return Style{problem: unusable.Message}, nil
	}
	if err != nil { // perhaps it was replaced or deleted since the directory was read
		return Style{}, fmt.Errorf("finding the format: %w", err)
	}
	return Style{dialect: dialect, version: version}, nil
}

// Remembered is what a delivery remembers of its format after an attempt: what
// its request was made of, if it is going to be tried again.
func (s Style) Remembered(before posthorn.FormatVersion, outcome posthorn.Outcome, next posthorn.Next) posthorn.FormatVersion {
	switch {
	case next.Status != posthorn.DeliveryPending:
		return posthorn.FormatVersion{}
	case outcome.Reason == posthorn.ReasonRenderFailed: // nothing was made
		return before
	default:
		return s.version
	}
}
