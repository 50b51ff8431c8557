package disk

import (
	"maps"
	"slices"
)

// Loss is how much of what was not synced a power cut takes.
type Loss int

const (
	// LoseAll takes all of it.
	LoseAll Loss = iota
	// LoseSome takes a part of each file's writes, by chance and in pieces of a
	// sector: a disk writes in what order it likes.
	LoseSome
	// LoseEnd takes what came after some moment, which each file has its own of and
	// which may lie in the middle of a write.
	LoseEnd
)

// Losses lists every loss.
func Losses() []Loss { return []Loss{LoseAll, LoseSome, LoseEnd} }

// String returns the loss in words.
func (l Loss) String() string { return [...]string{"all", "some", "the end"}[l] }

// sector is how much a disk writes at once.
const sector = 512

// Cut cuts the power: the disk holds afterwards what a machine finds when it comes
// up again, and that is synced. Nobody may use the disk meanwhile.
func (d *Disk) Cut(loss Loss) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.root.cut(loss)
}

// cut keeps, of the names, what came before some moment: file systems write names
// down in their order.
func (t *Directory) cut(loss Loss) {
	kept := 0
	if loss != LoseAll {
		kept = t.disk.random.IntN(len(t.unsynced) + 1)
	}
	for _, r := range t.unsynced[:kept] {
		r.to(t.synced)
	}
	t.now, t.unsynced = maps.Clone(t.synced), nil
	for _, name := range slices.Sorted(maps.Keys(t.now)) {
		t.now[name].cut(loss)
	}
}

func (f *File) cut(loss Loss) {
	for _, c := range f.remains(loss) {
		f.synced = c.to(f.synced)
	}
	f.now, f.unsynced = slices.Clone(f.synced), nil
}

// remains lists what is left of the file's changes.
func (f *File) remains(loss Loss) []change {
	random := f.disk.random
	if loss == LoseAll || len(f.unsynced) == 0 {
		return nil
	}
	if loss == LoseEnd {
		kept := random.IntN(len(f.unsynced) + 1)
		left := slices.Clone(f.unsynced[:kept])
		if kept > 0 && len(left[kept-1].data) > 0 {
			last := &left[kept-1]
			last.data = last.data[:1+random.IntN(len(last.data))]
		}
		return left
	}
	var left []change
	share := random.Float64()
	for _, c := range f.unsynced {
		for _, piece := range c.sectors() {
			if random.Float64() < share {
				left = append(left, piece)
			}
		}
	}
	return left
}

// sectors divides a write where sectors end.
func (c change) sectors() []change {
	if c.data == nil {
		return []change{c}
	}
	var pieces []change
	for offset, data := c.offset, c.data; len(data) > 0; {
		length := min(int64(len(data)), sector-offset%sector)
		pieces = append(pieces, change{offset: offset, data: data[:length]})
		offset, data = offset+length, data[length:]
	}
	return pieces
}
