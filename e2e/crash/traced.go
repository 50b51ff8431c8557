package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/posthorn/posthorn/e2e/crash/disk"
)

// traced is a real directory. Strace tells what the server does to it; an imagined
// disk that had the same done to it tells what a power cut would have left.
type traced struct {
	place  string
	pipe   string // through which strace speaks
	strace string
	disk   *disk.Disk
	random *rand.Rand
	heard  chan error // one result for each begin
	ear    *listener  // nil when nobody speaks
}

func newTraced(place, directory string, random *rand.Rand) (*traced, error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return nil, errNoStrace
	}
	if err := os.MkdirAll(place, 0o700); err != nil {
		return nil, fmt.Errorf("making a directory: %w", err)
	}
	if place, err = filepath.EvalSymlinks(place); err != nil { // as strace tells it
		return nil, fmt.Errorf("finding a directory: %w", err)
	}
	t := &traced{place: place, pipe: filepath.Join(directory, "trace"), strace: strace, random: random, heard: make(chan error, 1)}
	const permissions = 0o600
	if err := syscall.Mkfifo(t.pipe, permissions); err != nil {
		return nil, fmt.Errorf("making a pipe: %w", err)
	}
	return t, nil
}

func (t *traced) begin() ([]string, error) {
	t.disk = disk.New(t.random)
	if err := t.disk.Load(t.place); err != nil {
		return nil, fmt.Errorf("filling the disk: %w", err)
	}
	t.ear = newListener(t.disk, t.place)
	go func(l *listener) { t.heard <- l.listen(t.pipe) }(t.ear)
	// The tracer is not in the server's process group: it must outlive it and tell
	// everything.
	return []string{
		t.strace, "-f", "-DD", "-y", "-xx", "-s", "1048576", "--seccomp-bpf", "-e", "signal=none", "-o", t.pipe,
		"-e", "trace=open,openat,creat,write,pwrite64,writev,pwritev,ftruncate,truncate,fallocate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir",
	}, nil
}

func (t *traced) cut(loss disk.Loss) error {
	if err := t.end(); err != nil {
		return err
	}
	t.disk.Cut(loss)
	if err := t.disk.Save(t.place); err != nil {
		return fmt.Errorf("leaving what is left: %w", err)
	}
	return nil
}

func (t *traced) save(place string) error { return copyTree(t.place, place) }
func (t *traced) load(place string) error { return copyTree(place, t.place) }

// end waits until strace has told everything.
func (t *traced) end() error {
	if t.ear == nil {
		return nil
	}
	l := t.ear
	t.ear = nil
	// If nobody ever spoke, the listener still waits for somebody to open the pipe.
	if end, err := os.OpenFile(t.pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
		_ = end.Close()
	}
	if err := <-t.heard; err != nil {
		return err
	}
	if len(l.begun) > 0 {
		return nil // nobody knows whether the disk has what was under way
	}
	return t.compare()
}

// compare makes sure that nothing was misheard: the imagined disk and the real one
// hold the same. What processes share in memory is not told.
func (t *traced) compare() error {
	real := disk.New(nil) // nothing is left to chance: nobody cuts its power
	if err := real.Load(t.place); err != nil {
		return fmt.Errorf("reading the real files: %w", err)
	}
	const shared = "-shm"
	if path, differs := disk.Difference(real, t.disk, shared); differs {
		return fmt.Errorf("strace: %s is not what was told of it", path)
	}
	return nil
}

// listen does to the disk what strace tells.
func (l *listener) listen(pipe string) error {
	told, err := os.Open(pipe)
	if err != nil {
		return fmt.Errorf("listening to strace: %w", err)
	}
	defer func() { _ = told.Close() }() // it was only read
	lines := bufio.NewReaderSize(told, 1<<20)
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			if line != "" {
				l.begun["cut off"] = &call{} // nobody knows whether what it begins to tell of was done
			}
			return l.failure
		}
		if err != nil {
			return fmt.Errorf("listening to strace: %w", err)
		}
		if l.failure == nil {
			l.failure = l.hear(line)
		}
	}
}
