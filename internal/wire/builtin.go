package wire

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

//go:embed formats/*.yaml
var builtInFiles embed.FS

// BuiltIn returns the formats that come with Posthorn, sorted by name. An error
// means that the program was built with a broken one.
func BuiltIn() ([]posthorn.Format, error) {
	const folder = "formats"
	entries, err := builtInFiles.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("listing the built-in formats: %w", err)
	}
	formats := make([]posthorn.Format, 0, len(entries))
	for _, entry := range entries {
		text, err := builtInFiles.ReadFile(path.Join(folder, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading the built-in format %s: %w", entry.Name(), err)
		}
		format, err := ParseFormat(text)
		if err != nil {
			return nil, fmt.Errorf("parsing the built-in format %s: %w", entry.Name(), err)
		}
		formats = append(formats, format)
	}
	slices.SortFunc(formats, func(one, other posthorn.Format) int { return strings.Compare(one.Name, other.Name) })
	return formats, nil
}
