//go:build linux

package forgetful_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/posthorn/posthorn/e2e/crash/disk"
	"github.com/posthorn/posthorn/e2e/crash/forgetful"
)

// syncs names the file that this program, started once more, is to write and sync.
const syncs = "POSTHORN_TEST_SYNCS"

func TestMain(m *testing.M) {
	if path := os.Getenv(syncs); path != "" {
		if err := syncAmidSignals(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// syncAmidSignals writes a file and syncs it, while the syncing thread gets signals.
func syncAmidSignals(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := file.WriteString("synced"); err != nil {
		return err
	}
	threads, result := make(chan int, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		threads <- syscall.Gettid()
		result <- syscall.Fsync(int(file.Fd())) // os.File would try again
	}()
	thread, often := <-threads, time.NewTicker(time.Millisecond)
	defer often.Stop()
	for {
		select {
		case err := <-result:
			return err
		case <-often.C:
			if err := syscall.Tgkill(syscall.Getpid(), thread, syscall.SIGURG); err != nil {
				return err
			}
		}
	}
}

// mounted shows an imagined disk at a place, until it is unmounted.
func mounted(t *testing.T, syncTakes time.Duration) (*disk.Disk, string, func() error) {
	t.Helper()
	imagined, place := disk.New(rand.New(rand.NewPCG(1, 1))), t.TempDir()
	shown, err := forgetful.Mount(imagined, place, syncTakes)
	if err != nil {
		t.Skipf("skipped: there is no right to mount: %v", err)
	}
	unmount := sync.OnceValue(shown.Unmount)
	t.Cleanup(func() { _ = unmount() }) // else the process would wait for itself at its end
	return imagined, place, unmount
}

// The harness itself: a sync is finished though its caller gets signals, as the threads
// of a Go program do while they are short of processors.
func TestSignalsEndNoSync(t *testing.T) {
	t.Parallel()
	const syncTakes = 20 * time.Millisecond
	imagined, place, unmount := mounted(t, syncTakes)
	program := exec.CommandContext(t.Context(), os.Args[0])
	program.Env = append(os.Environ(), syncs+"="+filepath.Join(place, "a"))
	if output, err := program.CombinedOutput(); err != nil {
		t.Errorf("syncing: %v: %s", err, output)
	}
	if err := unmount(); err != nil {
		t.Fatal(err)
	}
	if kept, is := imagined.Find("a").(*disk.File); !is || string(kept.Content()) != "synced" {
		t.Error("what was written is not there")
	}
}

// The harness itself: the sync of a program that is killed meanwhile keeps nothing, as
// when the power fails before the disk has answered.
func TestKillsEndASync(t *testing.T) {
	t.Parallel()
	const syncTakes = 300 * time.Millisecond
	imagined, place, unmount := mounted(t, syncTakes)
	program := exec.CommandContext(t.Context(), "dd", "if=/dev/zero", "of="+filepath.Join(place, "a"), "bs=1", "count=6", "conv=fsync")
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	often := time.NewTicker(time.Millisecond)
	defer often.Stop()
	var file *disk.File
	for file == nil || file.Size() < 6 {
		<-often.C
		file, _ = imagined.Find("a").(*disk.File)
	}
	if err := program.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = program.Wait() // it was killed
	if err := unmount(); err != nil {
		t.Fatal(err)
	}
	imagined.Root().SyncTo(imagined.Root().Mark())
	imagined.Cut(disk.LoseAll)
	if file, is := imagined.Find("a").(*disk.File); !is || len(file.Content()) > 0 {
		t.Error("a sync was finished though its caller was killed")
	}
}
