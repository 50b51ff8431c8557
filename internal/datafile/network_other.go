//go:build !linux

package datafile

// KindOf is the FileSystem of this machine; on this system it knows none.
func KindOf(string) (string, error) { return "", nil }
