package egress

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// isSilent reports that an idle connection is open and that nothing has come on
// it since the last answer: what did come can't be the answer to a request that
// has not been sent.
func isSilent(conn net.Conn) bool {
	secured, isTLS := conn.(*tls.Conn)
	if isTLS {
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
	return err == nil && isQuiet && (!isTLS || hasReadAll(secured))
}

// hasReadAll reports that TLS holds nothing back: it may have read further records
// together with that of the last answer.
func hasReadAll(conn *tls.Conn) bool {
	if err := conn.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return false
	}
	var one [1]byte
	_, err := conn.Read(one[:]) // of the network it reads nothing: that deadline is over
	return errors.Is(err, os.ErrDeadlineExceeded) && conn.SetReadDeadline(time.Time{}) == nil
}
