package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/posthorn/posthorn/e2e/crash/disk"
	"github.com/posthorn/posthorn/e2e/crash/forgetful"
)

// ground is what the server's files lie on.
type ground interface {
	// begin is called before each start of the server. It returns what the server
	// must run under; nil for nothing.
	begin() ([]string, error)
	// cut is called after each end of the server, and may lose what was not synced.
	cut(loss disk.Loss) error
	// save copies the files to a directory of their own, load replaces them by those
	// of one. The server must not run meanwhile.
	save(place string) error
	load(place string) error
	end() error
}

// plain is a directory that loses nothing.
type plain struct{ place string }

func (p plain) begin() ([]string, error) { return nil, nil }
func (p plain) cut(disk.Loss) error      { return nil }
func (p plain) save(place string) error  { return copyTree(p.place, place) }
func (p plain) load(place string) error  { return copyTree(place, p.place) }
func (p plain) end() error               { return nil }

// copyTree replaces one directory by a copy of another one.
func copyTree(from, to string) error {
	copied := disk.New(nil) // nothing is left to chance: nobody cuts its power
	if err := copied.Load(from); err != nil {
		return fmt.Errorf("copying files: %w", err)
	}
	if err := copied.Save(to); err != nil {
		return fmt.Errorf("copying files: %w", err)
	}
	return nil
}

// mounted is an imagined disk that the kernel shows to the server.
type mounted struct {
	place  string
	disk   *disk.Disk
	random *rand.Rand
	shown  *forgetful.Mounted
}

// newMounted fails where the kernel shows no such disks.
func newMounted(place string, random *rand.Rand) (*mounted, error) {
	if err := os.MkdirAll(place, 0o700); err != nil {
		return nil, fmt.Errorf("making a directory: %w", err)
	}
	m := &mounted{place: place, disk: disk.New(random), random: random}
	if _, err := m.begin(); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *mounted) begin() ([]string, error) {
	if m.shown != nil {
		return nil, nil
	}
	const syncTakes = 2 * time.Millisecond // as on a real disk, so that kills come meanwhile
	var err error
	if m.shown, err = forgetful.Mount(m.disk, m.place, syncTakes); err != nil {
		return nil, fmt.Errorf("showing a disk: %w", err)
	}
	return nil, nil
}

// cut takes the disk away first, so that the kernel forgets what it has kept of it.
func (m *mounted) cut(loss disk.Loss) error {
	if err := m.end(); err != nil {
		return err
	}
	m.disk.Cut(loss)
	return nil
}

func (m *mounted) save(place string) error {
	if err := m.disk.Save(place); err != nil {
		return fmt.Errorf("saving the disk: %w", err)
	}
	return nil
}

func (m *mounted) load(place string) error {
	if err := m.end(); err != nil {
		return err
	}
	m.disk = disk.New(m.random)
	if err := m.disk.Load(place); err != nil {
		return fmt.Errorf("filling the disk: %w", err)
	}
	return nil
}

func (m *mounted) end() error {
	if m.shown == nil {
		return nil
	}
	if err := m.shown.Unmount(); err != nil {
		return fmt.Errorf("taking the disk away: %w", err)
	}
	m.shown = nil
	return nil
}

// newGround makes the ground for a run whose power is cut.
func newGround(way, directory string, random *rand.Rand) (ground, error) {
	place := filepath.Join(directory, "ground")
	switch way {
	case "":
		return plain{place}, nil
	case "mounted":
		return newMounted(place, random)
	case "traced":
		return newTraced(place, directory, random)
	}
	return nil, fmt.Errorf("there is no ground %q", way)
}
