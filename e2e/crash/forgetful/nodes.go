//go:build linux

package forgetful

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/posthorn/posthorn/e2e/crash/disk"
)

// file is a file as the kernel asks for it.
type file struct {
	fs.Inode
	place *disk.File
	sync  syncing
}

func (f *file) fill(out *fuse.Attr) {
	out.Mode, out.Nlink, out.Size = fuse.S_IFREG|0o600, 1, uint64(f.place.Size())
}

// Getattr implements fs.NodeGetattrer.
func (f *file) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	f.fill(&out.Attr)
	return fs.OK
}

// Setattr implements fs.NodeSetattrer.
func (f *file) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, asked := in.GetSize(); asked {
		f.place.Resize(int64(size))
	}
	f.fill(&out.Attr)
	return fs.OK
}

// Open implements fs.NodeOpener. The kernel may keep what it has read: nobody else
// changes it.
func (f *file) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_KEEP_CACHE, fs.OK
}

// Read implements fs.NodeReader.
func (f *file) Read(_ context.Context, _ fs.FileHandle, target []byte, offset int64) (fuse.ReadResult, syscall.Errno) {
	return fuse.ReadResultData(target[:f.place.ReadAt(target, offset)]), fs.OK
}

// Write implements fs.NodeWriter.
func (f *file) Write(_ context.Context, _ fs.FileHandle, data []byte, offset int64) (uint32, syscall.Errno) {
	f.place.WriteAt(data, offset)
	return uint32(len(data)), fs.OK
}

// Flush implements fs.NodeFlusher: closing a file syncs nothing.
func (f *file) Flush(context.Context, fs.FileHandle) syscall.Errno { return fs.OK }

// Fsync implements fs.NodeFsyncer.
func (f *file) Fsync(ctx context.Context, _ fs.FileHandle, _ uint32) syscall.Errno {
	return f.sync.sync(ctx, f.place)
}

// directory is a directory as the kernel asks for it.
type directory struct {
	fs.Inode
	place *disk.Directory
	sync  syncing
}

// Getattr implements fs.NodeGetattrer.
func (d *directory) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode, out.Nlink = fuse.S_IFDIR|0o700, 1
	return fs.OK
}

// Lookup implements fs.NodeLookuper.
func (d *directory) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	found := d.place.Look(name)
	if found == nil {
		return nil, syscall.ENOENT
	}
	return d.inode(ctx, found, out), fs.OK
}

// inode is the kernel's view of a node: the same one for the same node.
func (d *directory) inode(ctx context.Context, node disk.Node, out *fuse.EntryOut) *fs.Inode {
	switch node := node.(type) {
	case *disk.Directory:
		out.Mode, out.Nlink = fuse.S_IFDIR|0o700, 1
		return d.NewInode(ctx, &directory{place: node, sync: d.sync}, fs.StableAttr{Mode: fuse.S_IFDIR, Ino: node.Number()})
	case *disk.File:
		inner := &file{place: node, sync: d.sync}
		inner.fill(&out.Attr)
		return d.NewInode(ctx, inner, fs.StableAttr{Mode: fuse.S_IFREG, Ino: node.Number()})
	}
	return nil
}

// Readdir implements fs.NodeReaddirer.
func (d *directory) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	var entries []fuse.DirEntry
	for _, name := range d.place.Names() {
		entry := fuse.DirEntry{Name: name, Mode: fuse.S_IFREG}
		node := d.place.Look(name)
		if _, is := node.(*disk.Directory); is {
			entry.Mode = fuse.S_IFDIR
		}
		entry.Ino = node.Number()
		entries = append(entries, entry)
	}
	return fs.NewListDirStream(entries), fs.OK
}

// Create implements fs.NodeCreater.
func (d *directory) Create(ctx context.Context, name string, _, _ uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	return d.inode(ctx, d.place.Create(name), out), nil, fuse.FOPEN_KEEP_CACHE, fs.OK
}

// Mkdir implements fs.NodeMkdirer.
func (d *directory) Mkdir(ctx context.Context, name string, _ uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return d.inode(ctx, d.place.Make(name), out), fs.OK
}

// Unlink implements fs.NodeUnlinker.
func (d *directory) Unlink(_ context.Context, name string) syscall.Errno {
	d.place.Remove(name)
	return fs.OK
}

// Rename implements fs.NodeRenamer, within a directory.
func (d *directory) Rename(_ context.Context, name string, parent fs.InodeEmbedder, to string, flags uint32) syscall.Errno {
	if parent.EmbeddedInode() != d.EmbeddedInode() {
		return syscall.EXDEV
	}
	if flags != 0 {
		return syscall.EINVAL
	}
	d.place.Rename(name, to)
	return fs.OK
}

// Fsync implements fs.NodeFsyncer for the names in the directory.
func (d *directory) Fsync(ctx context.Context, _ fs.FileHandle, _ uint32) syscall.Errno {
	return d.sync.sync(ctx, d.place)
}
