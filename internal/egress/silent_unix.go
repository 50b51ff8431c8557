//go:build unix

package egress

import "syscall"

// nothingToRead looks without waiting and without taking anything.
func nothingToRead(descriptor uintptr) bool {
	var one [1]byte
	_, _, err := syscall.Recvfrom(int(descriptor), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
}
