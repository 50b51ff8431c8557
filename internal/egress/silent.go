package egress

import (
	"crypto/tls"
	"net"
	"syscall"
)

// isSilent reports that an idle connection is open and that nothing has come on
// it since the last answer: what did come can't be the answer to a request that
// has not been sent.
func isSilent(conn net.Conn) bool {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	if allowed, ok := conn.(*allowanceConn); ok {
		conn = allowed.Conn
	}
	system, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := system.SyscallConn()
	if err != nil {
		return false
	}
	isQuiet := false
	err = raw.Control(func(descriptor uintptr) { isQuiet = nothingToRead(descriptor) })
	return err == nil && isQuiet
}
