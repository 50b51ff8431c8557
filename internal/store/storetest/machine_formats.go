package storetest

import (
	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func (m *machine) formatName() string { return oneOf(m, "format", "mine", "Mine", "other") }

func (m *machine) formatVersion() posthorn.FormatVersion {
	if m.oneIn(3, "no version") {
		return posthorn.FormatVersion{}
	}
	return posthorn.FormatVersion{Name: m.formatName(), Version: m.number("version", 1, 8)}
}

func (m *machine) changeFormats() {
	workspace, name := known(m, "workspace", m.workspaces), m.formatName()
	switch m.number("what to do with formats", 0, 4) {
	case 0:
		bothDo(m, "DeleteFormat", func(s side) error { return s.DeleteFormat(m.ctx(), workspace, name) })
	case 1:
		version := m.formatVersion()
		both(m, "FormatVersion", func(s side) (posthorn.DeclaredFormat, error) { return s.FormatVersion(m.ctx(), workspace, version) })
	default:
		m.saveFormat(workspace, name)
	}
	both(m, "Formats", func(s side) ([]posthorn.DeclaredFormat, error) { return s.Formats(m.ctx(), workspace, "", 2) })
	both(m, "FormatUsers", func(s side) (store.FormatUsers, error) { return s.FormatUsers(m.ctx(), workspace, name, 2) })
	m.snapshot(m.someEnvironment())
}

func (m *machine) saveFormat(workspace posthorn.WorkspaceID, name string) {
	if m.oneIn(3, "much later") {
		m.now = m.now.Add(posthorn.FormatVersionKept)
	}
	saving := store.FormatSaving{
		WorkspaceID: workspace, Name: name, Document: []byte(oneOf(m, "document", "1", "2", "3")),
		AppliesToAll: m.oneIn(5, "for all"), CreatedBy: "key_1", Now: m.tick(), Limit: m.limit(),
	}
	both(m, "SaveFormat", func(s side) (posthorn.DeclaredFormat, error) { return s.SaveFormat(m.ctx(), saving) })
}
