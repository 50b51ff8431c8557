// Package disk imagines a disk that keeps for certain only what was synced: the
// content of a file since that file was synced, a name since its directory was.
//
// Programs see a [Disk] as any other. When its power is cut ([Disk.Cut]) it loses
// what was not synced, all or a part of it, as real disks do. It is strict: syncing
// a file does not keep its name.
package disk

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Disk is a tree of files. It is safe for concurrent use.
type Disk struct {
	mu     sync.Mutex
	nodes  uint64
	root   *Directory
	random *rand.Rand
}

// Node is a *File or a *Directory.
type Node interface {
	// Number is the node's own, as long as the disk lives.
	Number() uint64
	// Mark names the changes so far, for SyncTo.
	Mark() int
	// SyncTo makes what was changed before the mark was taken outlive a power cut.
	SyncTo(mark int)
	cut(loss Loss)
}

// New returns an empty disk. What a power cut leaves follows from random.
func New(random *rand.Rand) *Disk {
	d := &Disk{random: random}
	d.root = d.newDirectory()
	return d
}

// Root returns the directory that holds all others.
func (d *Disk) Root() *Directory { return d.root }

// Find returns what lies under a path, with slashes, relative to the root; nil if
// nothing does.
func (d *Disk) Find(path string) Node {
	var found Node = d.root
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." {
			continue
		}
		directory, is := found.(*Directory)
		if !is {
			return nil
		}
		if found = directory.Look(name); found == nil {
			return nil
		}
	}
	return found
}

func (d *Disk) number() uint64 {
	d.nodes++
	return d.nodes
}

// Load puts the files of a real directory on the disk, as synced.
func (d *Disk) Load(place string) error { return d.root.load(place) }

func (t *Directory) load(place string) error {
	entries, err := os.ReadDir(place)
	if err != nil {
		return fmt.Errorf("reading a directory: %w", err)
	}
	for _, entry := range entries {
		inside := filepath.Join(place, entry.Name())
		if entry.IsDir() {
			if err := t.Make(entry.Name()).load(inside); err != nil {
				return err
			}
			continue
		}
		text, err := os.ReadFile(inside)
		if err != nil {
			return fmt.Errorf("reading a file: %w", err)
		}
		file := t.Create(entry.Name())
		file.WriteAt(text, 0)
		file.SyncTo(file.Mark())
	}
	t.SyncTo(t.Mark())
	return nil
}

// Save replaces what is in a real directory by what is on the disk.
func (d *Disk) Save(place string) error {
	if err := os.RemoveAll(place); err != nil {
		return fmt.Errorf("emptying a directory: %w", err)
	}
	return d.root.save(place)
}

func (t *Directory) save(place string) error {
	if err := os.MkdirAll(place, 0o700); err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	for _, name := range t.Names() {
		inside := filepath.Join(place, name)
		switch node := t.Look(name).(type) {
		case *Directory:
			if err := node.save(inside); err != nil {
				return err
			}
		case *File:
			if err := os.WriteFile(inside, node.Content(), 0o600); err != nil {
				return fmt.Errorf("writing a file: %w", err)
			}
		}
	}
	return nil
}

// Difference returns the path of something that two disks don't both hold with the
// same content, and whether there is such a thing. Names with the given ending are
// passed over.
func Difference(one, other *Disk, without string) (string, bool) {
	return one.root.difference(other.root, without)
}

func (t *Directory) difference(other *Directory, without string) (string, bool) {
	for _, name := range slices.Concat(t.Names(), other.Names()) {
		if strings.HasSuffix(name, without) {
			continue
		}
		mine, theirs := t.Look(name), other.Look(name)
		file, isFile := mine.(*File)
		otherFile, areFiles := theirs.(*File)
		if isFile && areFiles && bytes.Equal(file.Content(), otherFile.Content()) {
			continue
		}
		inner, isDirectory := mine.(*Directory)
		otherInner, areDirectories := theirs.(*Directory)
		if !isDirectory || !areDirectories {
			return name, true
		}
		if path, differs := inner.difference(otherInner, without); differs {
			return name + "/" + path, true
		}
	}
	return "", false
}
