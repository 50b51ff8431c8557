package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn/e2e/crash/disk"
	"github.com/posthorn/posthorn/internal/failpoint"
)

// Invariants S1 to S13, L1 and L2: when the power fails, what was acknowledged is
// on the disk, whatever part of the rest is lost.
func TestPowerCuts(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	program, err := build(t.Context(), base, "")
	if err != nil {
		t.Fatal(err)
	}
	ways := []string{"traced"}
	if _, err := exec.LookPath("strace"); err != nil {
		ways = nil
	}
	if (settings{directory: base}).wayToCut() == "mounted" {
		ways = append(ways, "mounted")
	}
	if len(ways) == 0 {
		t.Skip("skipped: there is neither strace nor the right to mount")
	}
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := settings{cycles: 9, seed: 1, publishers: 4, directory: t.TempDir()}
			p := s.plan(program, s.directory)
			p.longest, p.ground, p.hasty = 500*time.Millisecond, way, true
			r, err := execute(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			if err := r.print(&text); err != nil {
				t.Fatal(err)
			}
			t.Log("\n" + text.String())
			if len(r.breaches) > 0 {
				t.Error("an invariant is broken")
			}
			if r.cycles != s.cycles || r.acknowledged < 20 || r.unrecorded == 0 {
				t.Errorf("%d cuts, %d acknowledged, %d under way: the test shows little", r.cycles, r.acknowledged, r.unrecorded)
			}
		})
	}
}

// The harness itself: a server that doesn't sync loses what it has acknowledged,
// and S1 notices.
func TestPowerCutsTellWhoSyncs(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	s := settings{cycles: 1, seed: 1, publishers: 4, directory: base}
	program, err := build(t.Context(), base, "failpoint")
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.withMutant(t.Context(), program, mutation{mutant: failpoint.SynchronousNormal, power: true})
	if errors.Is(err, errNoStrace) {
		t.Skip("skipped: there is neither strace nor the right to mount")
	}
	if err != nil {
		t.Fatal(err)
	}
	if !r.catches([]string{"S1"}) || r.losses == 0 {
		t.Errorf("the broken invariants are %v, not S1", r.broken())
	}
}

// What strace tells is done to the imagined disk: by the thread that does it, when
// it has ended well, and synced as far as it was done when the sync began.
func TestWhatIsToldIsDone(t *testing.T) {
	t.Parallel()
	d := disk.New(rand.New(rand.NewPCG(1, 1)))
	l := newListener(d, "/d")
	x := func(text string) string { return encoded(text) }
	open := `7<` + x("/d/a") + `>`
	for _, line := range []string{
		`1 openat(AT_FDCWD<` + x("/tmp") + `>, "` + x("/d/a") + `", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = ` + open,
		`1 pwrite64(` + open + `, "` + x("synced") + `", 6, 0) = 6`,
		`1 fdatasync(` + open + ` <unfinished ...>`,
		`2 pwrite64(` + open + `, "` + x(" lost") + `", 5, 6) = 5`,
		`1 <... fdatasync resumed>)          = 0`,
		`2 pwrite64(` + open + `, "` + x("never") + `", 5, 0) = -1 ENOSPC (No space left on device)`,
		`2 fsync(` + open + `) = -1 EIO (Input/output error)`,
		`1 fsync(8<` + x("/d") + `>) = 0`,
		`1 openat(AT_FDCWD<` + x("/tmp") + `>, "` + x("/d/b") + `", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0600) = 9<` + x("/d/b") + `>`,
		`1 write(9<` + x("/d/b") + `>, "` + x("12") + `", 2) = 2`,
		`1 write(9<` + x("/d/b") + `>, "` + x("3") + `", 1) = 1`,
		`1 write(3<` + x("socket:[12]") + `>, "` + x("HTTP/1.1 202") + `", 12) = 12`,
		`1 renameat(AT_FDCWD<` + x("/tmp") + `>, "` + x("/d/b") + `", AT_FDCWD<` + x("/tmp") + `>, "` + x("/d/c") + `") = 0`,
		`1 pwrite64(` + open + `, "` + x("who knows") + `", 9, 0) = ?`,
		`1 +++ exited with 0 +++`,
	} {
		if err := l.hear(line + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	want := func(when, path, content string) {
		file, is := d.Find(path).(*disk.File)
		if !is || string(file.Content()) != content {
			t.Errorf("%s, %s does not hold %q", when, path, content)
		}
	}
	want("before the cut", "a", "synced lost")
	want("before the cut", "c", "123")
	d.Cut(disk.LoseAll)
	want("after the cut", "a", "synced")
	if d.Find("b") != nil || d.Find("c") != nil {
		t.Error("a name that was not synced is still there")
	}
	for _, line := range []string{
		`1 pwrite64(` + open + `, "` + x("cut of") + `"..., 60, 0) = 60`,
		`1 pwritev(` + open + `, [{}], 1, 0) = 60`,
		`1 <... fsync resumed>) = 0`,
	} {
		if l.hear(line+"\n") == nil {
			t.Errorf("what can't be understood was passed over: %s", line)
		}
	}
}

// What the last line begins to tell of, and doesn't end, may have been done or not.
func TestLineThatIsCutOff(t *testing.T) {
	t.Parallel()
	l := newListener(disk.New(rand.New(rand.NewPCG(1, 1))), "/d")
	told := filepath.Join(t.TempDir(), "told")
	if err := os.WriteFile(told, []byte("1 +++ exited with 0 +++\n2 pwrite64(7<"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.listen(told); err != nil || len(l.begun) != 1 {
		t.Errorf("%d calls are under way, not one; %v", len(l.begun), err)
	}
}
