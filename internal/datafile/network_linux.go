package datafile

import (
	"errors"
	"fmt"
	"syscall"
)

// KindOf is the FileSystem of this machine. What can be a local disk as well (FUSE,
// and 9P as virtual machines have it) is taken for one: that the log works there is
// checked apart.
func KindOf(path string) (string, error) {
	var found syscall.Statfs_t
	err := syscall.Statfs(path, &found)
	for errors.Is(err, syscall.EINTR) {
		err = syscall.Statfs(path, &found)
	}
	if err != nil {
		return "", fmt.Errorf("asking for the file system: %w", err)
	}
	// The numbers have 32 bits; on some machines the field has more, or a sign.
	return nameOf(uint32(found.Type)), nil
}

// nameOf names the network file systems by their numbers in statfs(2).
func nameOf(number uint32) string {
	switch number {
	case 0x6969:
		return "NFS"
	case 0x517b, 0xfe534d42, 0xff534d42:
		return "SMB"
	case 0x00c36400:
		return "Ceph"
	case 0x5346414f, 0x6b414653:
		return "AFS"
	case 0x73757245:
		return "Coda"
	case 0x564c:
		return "NCP"
	case 0x0bd00bd0:
		return "Lustre"
	case 0x47504653:
		return "GPFS"
	case 0x19830326:
		return "BeeGFS"
	case 0x01161970:
		return "GFS2"
	case 0x7461636f:
		return "OCFS2"
	default:
		return ""
	}
}
