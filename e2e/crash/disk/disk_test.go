package disk

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func newDisk(seed uint64) *Disk { return New(rand.New(rand.NewPCG(seed, 0))) }

func keep(n Node) { n.SyncTo(n.Mark()) }

func content(d *Disk, path string) string {
	file, is := d.Find(path).(*File)
	if !is {
		return "(none)"
	}
	return string(file.Content())
}

// Invariant: a power cut that loses all leaves what was synced, and nothing else.
func TestOnlyWhatIsSyncedStays(t *testing.T) {
	t.Parallel()
	d := newDisk(1)
	inner := d.Root().Make("data")
	kept, nameless, gone := inner.Create("kept"), d.Root().Create("nameless"), inner.Create("gone")
	kept.WriteAt([]byte("first"), 0)
	nameless.WriteAt([]byte("synced itself, but not its name"), 0)
	keep(kept)
	keep(nameless)
	keep(inner)
	kept.WriteAt([]byte("SECOND"), 3)
	kept.Resize(4)
	gone.WriteAt([]byte("never synced"), 0)
	inner.Remove("kept")
	d.Root().mustKeep("data")
	d.Cut(LoseAll)
	for path, want := range map[string]string{"data/kept": "first", "data/gone": "", "nameless": "(none)"} {
		if got := content(d, path); got != want {
			t.Errorf("%s holds %q, not %q", path, got, want)
		}
	}
}

// mustKeep makes one name durable and no other.
func (t *Directory) mustKeep(name string) {
	t.disk.mu.Lock()
	defer t.disk.mu.Unlock()
	t.synced[name] = t.now[name]
}

// Invariant: a file that is renamed has its old name or its new one, and the new
// one once the directory is synced.
func TestRenamedOrNot(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for seed := range uint64(20) {
		d := newDisk(seed)
		file := d.Root().Create("old")
		file.WriteAt([]byte("x"), 0)
		keep(file)
		keep(d.Root())
		d.Root().Rename("old", "new")
		d.Cut(LoseEnd)
		left := d.Root().Names()
		if len(left) != 1 {
			t.Fatalf("a renamed file has the names %q", left)
		}
		names[left[0]] = true
	}
	if !names["old"] || !names["new"] {
		t.Errorf("the names %v, and never another", names)
	}
	d := newDisk(0)
	d.Root().Create("old")
	d.Root().Rename("old", "new")
	keep(d.Root())
	d.Cut(LoseAll)
	if left := d.Root().Names(); len(left) != 1 || left[0] != "new" {
		t.Errorf("after a sync the names are %q", left)
	}
}

// Invariant: a sync keeps what was written before it began, not what came while it
// was under way.
func TestSyncKeepsWhatCameBefore(t *testing.T) {
	t.Parallel()
	d := newDisk(1)
	file := d.Root().Create("file")
	keep(d.Root())
	file.WriteAt([]byte("before"), 0)
	mark := file.Mark()
	file.WriteAt([]byte(" and after"), 6)
	file.SyncTo(mark)
	file.SyncTo(mark) // another one that began at the same time
	d.Cut(LoseAll)
	if got := content(d, "file"); got != "before" {
		t.Errorf("the file holds %q", got)
	}
}

// Invariant: whatever is lost, each byte is one that was synced or written since,
// what was synced and left alone stays, and what is left is certain.
func TestEachByteIsOldOrNew(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := newDisk(rapid.Uint64().Draw(t, "seed"))
		file := d.Root().Create("file")
		keep(d.Root())
		size := rapid.IntRange(1, 3*sector).Draw(t, "size")
		file.WriteAt(bytes.Repeat([]byte{1}, size), 0)
		keep(file)
		touched := make([]bool, 8*sector)
		longest := size
		for n := range rapid.IntRange(0, 6).Draw(t, "writes") {
			offset, length := rapid.IntRange(0, 4*sector).Draw(t, "offset"), rapid.IntRange(1, 3*sector).Draw(t, "length")
			file.WriteAt(bytes.Repeat([]byte{byte(2 + n)}, length), int64(offset))
			for i := offset; i < offset+length; i++ {
				touched[i] = true
			}
			longest = max(longest, offset+length)
		}
		d.Cut(rapid.SampledFrom(Losses()).Draw(t, "loss"))
		left := file.Content()
		if len(left) < size || len(left) > longest {
			t.Fatalf("%d bytes are left, of %d synced and %d written", len(left), size, longest)
		}
		for i, b := range left {
			if i < size && !touched[i] && b != 1 {
				t.Fatalf("byte %d was synced, left alone, and changed", i)
			}
			if b != 1 && !touched[i] && b != 0 {
				t.Fatalf("byte %d was invented", i)
			}
		}
		d.Cut(LoseAll)
		if !bytes.Equal(file.Content(), left) {
			t.Fatal("a second cut takes what the first one had left")
		}
	})
}

// The losses that are left to chance do lose a part, and not always the same.
func TestLossesDiffer(t *testing.T) {
	t.Parallel()
	for _, loss := range []Loss{LoseSome, LoseEnd} {
		parts := 0
		for seed := range uint64(30) {
			d := newDisk(seed)
			file := d.Root().Create("file")
			keep(d.Root())
			for n := range int64(8) {
				file.WriteAt(bytes.Repeat([]byte{1}, 2*sector), n*2*sector)
			}
			d.Cut(loss)
			if ones := bytes.Count(file.Content(), []byte{1}); ones > 0 && ones < 16*sector {
				parts++
			}
		}
		if parts < 10 {
			t.Errorf("of 30 cuts that lose %v only %d lose a part", loss, parts)
		}
	}
}
