package manage

import (
	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// Formats returns the formats that exist, by name. Everybody reaches them.
func (m *Manager) Formats() []posthorn.Format { return m.formats.Formats() }

// Format returns a format, or posthorn.ErrNotFound.
func (m *Manager) Format(name string) (posthorn.Format, error) {
	dialect, exists := m.formats.Dialect(name)
	if !exists {
		return posthorn.Format{}, posthorn.ErrNotFound
	}
	return dialect.Format(), nil
}

// FormatDocument returns a format as the JSON document that describes it.
func FormatDocument(format posthorn.Format) []byte { return wire.FormatJSON(format) }
