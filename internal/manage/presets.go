package manage

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/posthorn/posthorn"
)

// The presets: one file each, named after the preset. A new file is a new
// preset.
//
//go:embed presets/*.json
var presetFiles embed.FS

type presetEntry struct {
	Name        string                   `json:"name"`
	Description string                   `json:"description"`
	Since       string                   `json:"since"`
	Retries     *int                     `json:"retries"`
	Status      posthorn.EventTypeStatus `json:"status"`
	Example     json.RawMessage          `json:"example"`
}

// Presets returns the names of the catalogues that come with Posthorn.
func Presets() ([]string, error) {
	files, err := fs.Glob(presetFiles, "presets/*.json")
	if err != nil {
		return nil, fmt.Errorf("listing presets: %w", err)
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(file, "presets/"), ".json")
	}
	return names, nil
}

// Preset returns the event types of a preset. It returns an *posthorn.Error with
// CodeInvalid if there is none of that name.
func Preset(name string) ([]NewEventType, error) {
	text, err := presetFiles.ReadFile("presets/" + name + ".json")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, noSuchPreset(name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading a preset: %w", err)
	}
	var entries []presetEntry
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, fmt.Errorf("reading the preset %s: %w", name, err)
	}
	list := make([]NewEventType, len(entries))
	for i, e := range entries {
		list[i] = e.toNew()
	}
	return list, nil
}

func (e presetEntry) toNew() NewEventType {
	n := NewEventType{Name: e.Name}
	n.Description = Set(e.Description)
	n.Since = Set(e.Since)
	n.Example = Set([]byte(e.Example))
	if e.Status != "" {
		n.Status = Set(e.Status)
	}
	if e.Retries != nil {
		n.Retries = Set(*e.Retries)
	}
	return n
}

func noSuchPreset(name string) error {
	names, err := Presets()
	if err != nil {
		return err
	}
	return posthorn.Invalid("/preset", fmt.Sprintf("There is no preset %q.", clip(name)), "Use one of: "+strings.Join(names, ", ")+".")
}
