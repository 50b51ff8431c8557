package disk

import (
	"maps"
	"slices"
)

// Directory is a directory.
type Directory struct {
	disk        *Disk
	number      uint64
	now, synced map[string]Node
	unsynced    []renaming
	settled     int
}

// renaming is a change of a directory's names that happens at once or not at all.
// What leads to nil is no longer there.
type renaming map[string]Node

func (r renaming) to(names map[string]Node) {
	for name, node := range r {
		if node == nil {
			delete(names, name)
		} else {
			names[name] = node
		}
	}
}

func (d *Disk) newDirectory() *Directory {
	return &Directory{disk: d, number: d.number(), now: map[string]Node{}, synced: map[string]Node{}}
}

// Number implements Node.
func (t *Directory) Number() uint64 { return t.number }

// Look returns what has a name, or nil.
func (t *Directory) Look(name string) Node {
	t.disk.mu.Lock()
	defer t.disk.mu.Unlock()
	return t.now[name]
}

// Names lists what is in the directory.
func (t *Directory) Names() []string {
	t.disk.mu.Lock()
	defer t.disk.mu.Unlock()
	return slices.Sorted(maps.Keys(t.now))
}

// Create puts an empty file in the directory, in place of what has its name.
func (t *Directory) Create(name string) *File {
	t.disk.mu.Lock()
	defer t.disk.mu.Unlock()
	file := &File{disk: t.disk, number: t.disk.number()}
	t.change(renaming{name: file})
	return file
}

// Make puts an empty directory in the directory, in place of what has its name.
func (t *Directory) Make(name string) *Directory {
	t.disk.mu.Lock()
	defer t.disk.mu.Unlock()
	inner := t.disk.newDirectory()
	t.change(renaming{name: inner})
	return inner
}

// Remove removes a name.
func (t *Directory) Remove(name string) {
	t.disk.mu.Lock()
	defer t.disk.mu.Unlock()
	t.change(renaming{name: nil})
}

// Rename gives what has a name another one, in place of what has that.
func (t *Directory) Rename(name, to string) {
	t.disk.mu.Lock()
	defer t.disk.mu.Unlock()
	if node := t.now[name]; node != nil && name != to {
		t.change(renaming{name: nil, to: node})
	}
}

func (t *Directory) change(r renaming) {
	r.to(t.now)
	t.unsynced = append(t.unsynced, r)
}

// Mark implements Node.
func (t *Directory) Mark() int {
	t.disk.mu.Lock()
	defer t.disk.mu.Unlock()
	return t.settled + len(t.unsynced)
}

// SyncTo implements Node.
func (t *Directory) SyncTo(mark int) {
	t.disk.mu.Lock()
	defer t.disk.mu.Unlock()
	for t.settled < mark && len(t.unsynced) > 0 {
		t.unsynced[0].to(t.synced)
		t.unsynced = t.unsynced[1:]
		t.settled++
	}
}
