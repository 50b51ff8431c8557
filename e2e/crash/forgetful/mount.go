//go:build linux

package forgetful

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/posthorn/posthorn/e2e/crash/disk"
)

// Mounted is a disk that other programs see. The program that shows it must not
// open files on it: it would wait for itself.
type Mounted struct {
	place  string
	server *fuse.Server
	served chan struct{}
}

// Mount shows a disk at an empty directory. Each sync takes at least as long as
// given. It fails where the kernel or the user's rights don't allow it.
func Mount(d *disk.Disk, place string, syncTakes time.Duration) (*Mounted, error) {
	// It isn't left to the library to open the file and to mount: other programs
	// would inherit the file.
	number, err := syscall.Open("/dev/fuse", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening the kernel's side: %w", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=%d,group_id=%d", number, os.Geteuid(), os.Getegid())
	if err := syscall.Mount("forgetful", place, "fuse.forgetful", syscall.MS_NOSUID|syscall.MS_NODEV, options); err != nil {
		_ = syscall.Close(number)
		return nil, fmt.Errorf("mounting: %w", err)
	}
	root := fs.NewNodeFS(&directory{place: d.Root(), sync: syncing{syncTakes}}, &fs.Options{})
	server, err := fuse.NewServer(root, fmt.Sprintf("/dev/fd/%d", number), &fuse.MountOptions{Name: "forgetful"})
	if err != nil {
		_ = syscall.Unmount(place, syscall.MNT_DETACH)
		return nil, fmt.Errorf("mounting: %w", err)
	}
	m := &Mounted{place: place, server: server, served: make(chan struct{})}
	go func() {
		defer close(m.served)
		server.Serve()
	}()
	return m, nil
}

// Unmount ends the showing. Whoever has a file open there gets errors from now on.
func (m *Mounted) Unmount() error {
	if err := syscall.Unmount(m.place, syscall.MNT_FORCE|syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("unmounting: %w", err)
	}
	<-m.served
	return nil
}

// syncing is how long a sync takes.
type syncing struct{ takes time.Duration }

// sync keeps what was changed before it began. A disk finishes it whatever signals
// its caller gets meanwhile, as Go's threads do all the time on a busy machine; only
// that of a caller who is killed keeps nothing, as if the power had failed before.
func (s syncing) sync(ctx context.Context, node disk.Node) syscall.Errno {
	mark := node.Mark()
	<-time.After(s.takes)
	if ctx.Err() != nil && isKilled(ctx) {
		return syscall.EINTR
	}
	node.SyncTo(mark)
	return fs.OK
}

// isKilled reports whether the caller has got a signal that ends it.
func isKilled(ctx context.Context) bool {
	caller, known := fuse.FromContext(ctx)
	if !known {
		return false
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", caller.Pid))
	if err != nil {
		return true // it is gone
	}
	for line := range strings.Lines(string(status)) {
		if pending, found := strings.CutPrefix(line, "SigPnd:"); found {
			signals, err := strconv.ParseUint(strings.TrimSpace(pending), 16, 64)
			return err == nil && signals&(1<<(syscall.SIGKILL-1)) != 0
		}
	}
	return false
}
