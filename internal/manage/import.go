package manage

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/apidoc"
)

// MaxImport is the most event types of one import.
const MaxImport = 1000

// Import is a request to add event types to a catalogue.
type Import struct {
	// EventTypes are to be added, all or none; or Document has them. Nothing is kept if
	// there is no room for all of it.
	EventTypes []NewEventType
	// Document is an OpenAPI or AsyncAPI document. What can't be read of it is told and
	// doesn't keep the rest back.
	Document []byte
	// Update changes those that are there already; else they are left as they are.
	Update bool
	// DryRun keeps nothing, and tells what would be done.
	DryRun bool
}

// ImportAction is what an import does about one event type.
type ImportAction string

// The actions.
const (
	ImportCreated ImportAction = "created"
	ImportUpdated ImportAction = "updated"
	// ImportSame: it is there already, just so.
	ImportSame ImportAction = "same"
	// ImportLeft: it is there already, otherwise, and was left as it is.
	ImportLeft ImportAction = "left"
	// ImportRefused: no event type can be made of it.
	ImportRefused ImportAction = "refused"
)

// ImportItem tells of one event type of an import. Place is where it stands in a
// document, and Reason why nothing was done; either may be empty.
type ImportItem struct {
	Name   string
	Action ImportAction
	Place  string
	Reason string
}

// Imported tells what an import did, or would do. Skipped counts those that are the
// same and those that were left.
type Imported struct {
	Created int
	Updated int
	Skipped int
	Refused int
	Names   []string
	Items   []ImportItem
}

func (i *Imported) add(item ImportItem) {
	i.Items = append(i.Items, item)
	if item.Action != ImportRefused {
		i.Names = append(i.Names, item.Name)
	}
	switch item.Action {
	case ImportCreated:
		i.Created++
	case ImportUpdated:
		i.Updated++
	case ImportRefused:
		i.Refused++
	case ImportSame, ImportLeft:
		i.Skipped++
	}
}

// ImportEventTypes adds event types to the catalogue of an environment in reach.
func (m *Manager) ImportEventTypes(ctx context.Context, p Principal, named posthorn.EnvironmentID, request Import) (Imported, error) {
	environment, err := m.EnvironmentID(ctx, p, named)
	if err != nil {
		return Imported{}, err
	}
	done := Imported{}
	list := request.EventTypes
	if request.Document != nil {
		if list, err = m.readDocument(ctx, environment, request.Document, &done); err != nil {
			return Imported{}, err
		}
	}
	if count := len(list) + len(done.Items); count == 0 || count > MaxImport {
		return Imported{}, posthorn.Invalid("/eventTypes", fmt.Sprintf("There must be 1 to %d event types in an import; here are %d.", MaxImport, count), "Import them in several parts.")
	}
	entries, err := m.buildImport(ctx, environment, list, request.Document != nil, &done)
	if err != nil {
		return Imported{}, err
	}
	if err := m.carryOut(ctx, environment, entries, request, &done); err != nil {
		return Imported{}, err
	}
	if !request.DryRun && done.Created+done.Updated > 0 {
		m.notifier.DirectoryChanged(environment)
	}
	return done, nil
}

// readDocument reads the event types of a document, and notes what it can't read.
func (m *Manager) readDocument(ctx context.Context, environment posthorn.EnvironmentID, document []byte, done *Imported) ([]NewEventType, error) {
	endTurn, err := m.checking(ctx, environment)
	if err != nil {
		return nil, err
	}
	defer endTurn()
	catalogue, err := apidoc.Read(document)
	if err != nil {
		return nil, passOn("reading the document", err)
	}
	for _, refused := range catalogue.Refused {
		done.add(ImportItem{Name: clip(refused.Name), Action: ImportRefused, Place: refused.Place, Reason: refused.Reason})
	}
	list := make([]NewEventType, 0, len(catalogue.Types))
	for _, found := range catalogue.Types {
		list = append(list, fromDocument(found))
	}
	return list, nil
}

// fromDocument says of an event type what a document does: where it is silent, an
// update changes nothing.
func fromDocument(found apidoc.EventType) NewEventType {
	n := NewEventType{Name: found.Name}
	if found.Description != "" {
		n.Description = Set(found.Description)
	}
	if found.Deprecated {
		n.Status = Set(posthorn.EventTypeDeprecated)
	}
	if found.Schema != nil {
		n.Schema = Set(found.Schema)
	}
	if found.Example != nil {
		n.Example = Set(found.Example)
	}
	return n
}

// planned is an event type to be imported, as it would be made.
type planned struct {
	NewEventType

	entry posthorn.EventType
	// growth is how much longer the schemas get by it, in bytes.
	growth int
}

// buildImport checks what is to be imported. In a document what is wrong is refused by
// itself; in a list it refuses the whole.
func (m *Manager) buildImport(ctx context.Context, environment posthorn.EnvironmentID, list []NewEventType, isDocument bool, done *Imported) ([]planned, error) {
	entries := make([]planned, 0, len(list))
	seen := make(map[string]bool, len(list))
	for i, n := range list {
		entry, err := n.build(environment, m)
		if err == nil {
			err = m.checkSchema(ctx, entry)
		}
		var known *posthorn.Error
		switch {
		case err == nil && seen[n.Name]:
			done.add(ImportItem{Name: n.Name, Action: ImportLeft, Reason: "It is named more than once; the first one counts."})
		case err == nil:
			seen[n.Name] = true
			entries = append(entries, planned{n, entry, len(entry.Schema)})
		case isDocument && errors.As(err, &known):
			done.add(ImportItem{Name: n.Name, Action: ImportRefused, Place: known.Pointer, Reason: known.Message})
		default:
			return nil, below(fmt.Sprintf("/eventTypes/%d", i), err)
		}
	}
	return entries, nil
}

// isSame reports whether nothing that an import may say is different.
func isSame(a, b posthorn.EventType) bool {
	return a.Description == b.Description && a.Since == b.Since && a.Status == b.Status && a.Validation == b.Validation &&
		equalNumbers(a.Retries, b.Retries) && bytes.Equal(a.Example, b.Example) && bytes.Equal(a.Schema, b.Schema)
}

func equalNumbers(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }
