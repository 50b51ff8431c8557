package disk

import "slices"

// File is a file.
type File struct {
	disk   *Disk
	number uint64
	// now is what programs see, synced what a power cut leaves for certain, and
	// unsynced the changes between the two.
	now, synced []byte
	unsynced    []change
	// settled counts the changes that are synced.
	settled int
}

// change is a write; one without data gives the file the length offset.
type change struct {
	offset int64
	data   []byte
}

func (c change) to(content []byte) []byte {
	end := c.offset + int64(len(c.data))
	if end > int64(len(content)) {
		content = slices.Grow(content, int(end)-len(content))
		before := len(content)
		content = content[:end]
		clear(content[before:])
	} else if c.data == nil {
		content = content[:end]
	}
	copy(content[c.offset:], c.data)
	return content
}

// Number implements Node.
func (f *File) Number() uint64 { return f.number }

// Size returns the file's length in bytes.
func (f *File) Size() int64 {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return int64(len(f.now))
}

// Content returns a copy of the file.
func (f *File) Content() []byte {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return slices.Clone(f.now)
}

// ReadAt fills the target from an offset, and returns how much there was.
func (f *File) ReadAt(target []byte, offset int64) int {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return copy(target, f.now[min(offset, int64(len(f.now))):])
}

// WriteAt writes; the data is copied.
func (f *File) WriteAt(data []byte, offset int64) {
	if len(data) > 0 {
		f.change(change{offset: offset, data: slices.Clone(data)})
	}
}

// Resize cuts the file off at a length, or fills it with zeros up to there.
func (f *File) Resize(length int64) { f.change(change{offset: length}) }

func (f *File) change(c change) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.now = c.to(f.now)
	f.unsynced = append(f.unsynced, c)
}

// Mark implements Node.
func (f *File) Mark() int {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return f.settled + len(f.unsynced)
}

// SyncTo implements Node.
func (f *File) SyncTo(mark int) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	for f.settled < mark && len(f.unsynced) > 0 {
		f.synced = f.unsynced[0].to(f.synced)
		f.unsynced = f.unsynced[1:]
		f.settled++
	}
}
