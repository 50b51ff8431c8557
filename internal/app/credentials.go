package app

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/posthorn/posthorn"
)

// credentials is what the first start leaves for its owner.
type credentials struct {
	Server        string                 `json:"server"`
	APIKey        string                 `json:"apiKey"`
	WorkspaceID   posthorn.WorkspaceID   `json:"workspaceId"`
	ProjectID     posthorn.ProjectID     `json:"projectId"`
	EnvironmentID posthorn.EnvironmentID `json:"environmentId"`
}

// CredentialsPath is the file that holds the key of the first start.
func (a *App) CredentialsPath() string {
	return filepath.Join(a.options.Config.DataDir, "credentials.json")
}

// writeCredentials keeps the first key durably, readable by its owner alone.
func (a *App) writeCredentials(environment posthorn.Environment, key posthorn.Secret) error {
	text, err := json.MarshalIndent(credentials{
		Server: "http://" + a.Addr(), APIKey: key.Reveal(),
		WorkspaceID: environment.WorkspaceID, ProjectID: environment.ProjectID, EnvironmentID: environment.ID,
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the credentials: %w", err)
	}
	if err := os.MkdirAll(a.options.Config.DataDir, 0o700); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	return replaceFile(a.CredentialsPath(), append(text, '\n'))
}

// replaceFile writes a private file whole or not at all.
func replaceFile(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() { _ = os.Remove(file.Name()) }() // gone already when the rename succeeded
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err == nil {
		err = syncDirectory(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// syncDirectory makes the names in a directory durable.
func syncDirectory(place string) error {
	directory, err := os.Open(place)
	if err != nil {
		return fmt.Errorf("opening the data directory: %w", err)
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// loadCursorKey reads the key that signs the cursors of lists, or makes one, so
// that a client that is paging doesn't notice a restart.
func loadCursorKey(path string) ([]byte, error) {
	const size = 32
	key, err := os.ReadFile(path)
	if err == nil && len(key) == size {
		return key, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the key of cursors: %w", err)
	}
	key = make([]byte, 0, size)
	for len(key) < size {
		key = binary.LittleEndian.AppendUint64(key, random())
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	return key, replaceFile(path, key)
}
