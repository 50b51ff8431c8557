package memstore

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// SaveFormat implements store.Directory.
func (s *Store) SaveFormat(ctx context.Context, f store.FormatSaving) (posthorn.DeclaredFormat, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.DeclaredFormat{}, err
	}
	defer s.mu.Unlock()
	if _, err := find(s.workspaces, f.WorkspaceID); err != nil {
		return posthorn.DeclaredFormat{}, err
	}
	name := formatName{f.WorkspaceID, f.Name}
	versions := slices.Clone(s.formats[name])
	if len(versions) == 0 && f.Limit > 0 && len(s.formatsOf(f.WorkspaceID)) >= f.Limit {
		return posthorn.DeclaredFormat{}, posthorn.ErrLimit
	}
	next := s.nextFormat(f, versions)
	if len(versions) > 0 && versions[len(versions)-1].Version == next.Version {
		if versions[len(versions)-1].Since == next.Since {
			return copyFormat(next), nil
		}
		versions = versions[:len(versions)-1]
	}
	versions = append(versions, next)
	cutoff := kept(f.Now.Add(-posthorn.FormatVersionKept))
	var staying []posthorn.DeclaredFormat
	for i, version := range versions {
		isNewest := version.Version == next.Version
		if isNewest || version.Version >= next.Since && (!versions[i+1].UpdatedAt.Before(cutoff) || s.isRemembered(version)) {
			staying = append(staying, version)
		}
	}
	if len(staying) > posthorn.MaxFormatVersions {
		return posthorn.DeclaredFormat{}, posthorn.ErrConflict
	}
	s.formats[name] = staying
	s.formatsChanged(f.WorkspaceID)
	return copyFormat(next), nil
}

// nextFormat is the version that follows those that are kept: the newest itself,
// if its document stays.
func (s *Store) nextFormat(f store.FormatSaving, versions []posthorn.DeclaredFormat) posthorn.DeclaredFormat {
	next := copyFormat(posthorn.DeclaredFormat{
		WorkspaceID: f.WorkspaceID, FormatVersion: posthorn.FormatVersion{Name: f.Name, Version: s.retiredFormats[f.WorkspaceID] + 1},
		Document: f.Document, CreatedBy: f.CreatedBy, CreatedAt: f.Now, UpdatedAt: f.Now,
	})
	next.Since = next.Version
	if len(versions) > 0 {
		newest := versions[len(versions)-1]
		next.CreatedBy, next.CreatedAt, next.Since, next.Version = newest.CreatedBy, newest.CreatedAt, newest.Since, newest.Version+1
		if bytes.Equal(newest.Document, f.Document) {
			next = newest
		}
	}
	if f.AppliesToAll {
		next.Since = next.Version
	}
	return next
}

func (s *Store) isRemembered(version posthorn.DeclaredFormat) bool {
	for _, d := range s.deliveries {
		if !d.Status.IsTerminal() && d.Format == version.FormatVersion && s.environments[d.EnvironmentID].WorkspaceID == version.WorkspaceID {
			return true
		}
	}
	return false
}

func (s *Store) formatsChanged(workspace posthorn.WorkspaceID) {
	for id, environment := range s.environments {
		if environment.WorkspaceID == workspace {
			s.versions[id]++
		}
	}
}

// Format implements store.Directory.
func (s *Store) Format(ctx context.Context, workspace posthorn.WorkspaceID, name string) (posthorn.DeclaredFormat, error) {
	return s.format(ctx, workspace, name, func(posthorn.DeclaredFormat) bool { return true })
}

// FormatVersion implements store.Directory.
func (s *Store) FormatVersion(ctx context.Context, workspace posthorn.WorkspaceID, version posthorn.FormatVersion) (posthorn.DeclaredFormat, error) {
	return s.format(ctx, workspace, version.Name, func(f posthorn.DeclaredFormat) bool { return f.FormatVersion == version })
}

func (s *Store) format(ctx context.Context, workspace posthorn.WorkspaceID, name string, picked func(posthorn.DeclaredFormat) bool) (posthorn.DeclaredFormat, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.DeclaredFormat{}, err
	}
	defer s.mu.Unlock()
	for _, version := range slices.Backward(s.formats[formatName{workspace, name}]) {
		if picked(version) {
			return copyFormat(version), nil
		}
	}
	return posthorn.DeclaredFormat{}, posthorn.ErrNotFound
}

// Formats implements store.Directory.
func (s *Store) Formats(ctx context.Context, workspace posthorn.WorkspaceID, after string, limit int) ([]posthorn.DeclaredFormat, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var list []posthorn.DeclaredFormat
	for _, format := range s.formatsOf(workspace) {
		if format.Name > after && len(list) < limit {
			list = append(list, copyFormat(format))
		}
	}
	return list, nil
}

// formatsOf returns the newest versions of a workspace's formats, by name.
func (s *Store) formatsOf(workspace posthorn.WorkspaceID) []posthorn.DeclaredFormat {
	var newest []posthorn.DeclaredFormat
	for name, versions := range s.formats {
		if name.workspace == workspace {
			newest = append(newest, versions[len(versions)-1])
		}
	}
	slices.SortFunc(newest, func(one, other posthorn.DeclaredFormat) int { return strings.Compare(one.Name, other.Name) })
	return newest
}

// formatsIn returns the declared formats that an environment's webhooks name.
func (s *Store) formatsIn(environment posthorn.Environment, webhooks []posthorn.Webhook) map[string]posthorn.DeclaredFormat {
	found := map[string]posthorn.DeclaredFormat{}
	for _, webhook := range webhooks {
		if versions := s.formats[formatName{environment.WorkspaceID, webhook.Format}]; len(versions) > 0 {
			newest := copyFormat(versions[len(versions)-1])
			newest.Document = nil
			found[webhook.Format] = newest
		}
	}
	return found
}

// FormatUsers implements store.Directory.
func (s *Store) FormatUsers(ctx context.Context, workspace posthorn.WorkspaceID, name string, limit int) (store.FormatUsers, error) {
	if err := s.enter(ctx); err != nil {
		return store.FormatUsers{}, err
	}
	defer s.mu.Unlock()
	return s.formatUsers(workspace, name, limit), nil
}

func (s *Store) formatUsers(workspace posthorn.WorkspaceID, name string, limit int) store.FormatUsers {
	var users store.FormatUsers
	environments := idsOf(s.environments, func(_ posthorn.EnvironmentID, e posthorn.Environment) bool {
		return e.WorkspaceID == workspace && e.DefaultFormat == name
	})
	users.Environments = environments[:min(limit, len(environments))]
	webhooks := idsOf(s.webhooks, func(_ posthorn.WebhookID, w posthorn.Webhook) bool {
		return w.WorkspaceID == workspace && w.Format == name && w.Status != posthorn.WebhookDeleted
	})
	for _, id := range webhooks[:min(limit, len(webhooks))] {
		users.Webhooks = append(users.Webhooks, copyWebhook(s.webhooks[id]))
	}
	return users
}

// DeleteFormat implements store.Directory.
func (s *Store) DeleteFormat(ctx context.Context, workspace posthorn.WorkspaceID, name string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	versions, err := find(s.formats, formatName{workspace, name})
	if err != nil {
		return err
	}
	if s.formatUsers(workspace, name, 1).Any() {
		return posthorn.ErrConflict
	}
	s.retiredFormats[workspace] = max(s.retiredFormats[workspace], versions[len(versions)-1].Version)
	delete(s.formats, formatName{workspace, name})
	s.formatsChanged(workspace)
	return nil
}
