package egress

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
)

// SOCKS 5 (RFC 1928) and its user and password (RFC 1929).
const (
	socksVersion      = 5
	socksConnect      = 1
	socksIPv4         = 1
	socksName         = 3
	socksIPv6         = 4
	socksOpen         = 0
	socksWithPassword = 2
)

// openSOCKS asks for a tunnel to an address.
func openSOCKS(conn net.Conn, target, user, password string) (net.Conn, error) {
	address, err := netip.ParseAddrPort(target)
	if err != nil {
		return nil, &proxyError{fmt.Errorf("reading the address: %w", err)}
	}
	if err := greetSOCKS(conn, user, password); err != nil {
		return nil, &proxyError{err}
	}
	kind := byte(socksIPv6)
	if address.Addr().Is4() {
		kind = socksIPv4
	}
	request := append([]byte{socksVersion, socksConnect, 0, kind}, address.Addr().AsSlice()...)
	if _, err := conn.Write(binary.BigEndian.AppendUint16(request, address.Port())); err != nil {
		return nil, &proxyError{fmt.Errorf("asking for a tunnel: %w", err)}
	}
	reply := make([]byte, 4) //nolint:mnd // version, result, nothing, kind of address
	if _, err := io.ReadFull(conn, reply); err != nil {
		return nil, whileWaiting(err)
	}
	if err := judgeSOCKS(reply[0], reply[1]); err != nil {
		return nil, err
	}
	if err := skipSOCKSAddress(conn, reply[3]); err != nil {
		return nil, whileWaiting(err)
	}
	return conn, nil
}

// greetSOCKS agrees on how we say who we are.
func greetSOCKS(conn net.Conn, user, password string) error {
	method := byte(socksOpen)
	if user != "" || password != "" {
		method = socksWithPassword
	}
	chosen, err := ask(conn, []byte{socksVersion, 1, method})
	if err != nil {
		return err
	}
	if chosen[0] != socksVersion || chosen[1] != method {
		return fmt.Errorf("it answered the greeting with %d and %d", chosen[0], chosen[1])
	}
	if method == socksOpen {
		return nil
	}
	login := append([]byte{1, byte(len(user))}, user...)
	login = append(append(login, byte(len(password))), password...)
	let, err := ask(conn, login)
	if err != nil {
		return err
	}
	if let[1] != 0 {
		return fmt.Errorf("it refused the user and password")
	}
	return nil
}

// ask writes a message and reads the two bytes of its answer.
func ask(conn net.Conn, message []byte) ([2]byte, error) {
	var answer [2]byte
	if _, err := conn.Write(message); err != nil {
		return answer, fmt.Errorf("greeting it: %w", err)
	}
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return answer, fmt.Errorf("reading its greeting: %w", err)
	}
	return answer, nil
}

// judgeSOCKS tells what the proxy says of the receiver from what it says of
// itself (RFC 1928, section 6).
func judgeSOCKS(version, result byte) error {
	const (
		succeeded          = 0
		networkUnreachable = 3
		hostUnreachable    = 4
		refused            = 5
		expired            = 6
	)
	switch {
	case version != socksVersion:
		return &proxyError{fmt.Errorf("it speaks the version %d", version)}
	case result == succeeded:
		return nil
	case result == networkUnreachable, result == hostUnreachable, result == refused:
		return errProxyUnreached
	case result == expired:
		return errProxyGaveUp
	default:
		return &proxyError{fmt.Errorf("it answered %d", result)}
	}
}

// skipSOCKSAddress reads the address that the proxy speaks from, and its port.
func skipSOCKSAddress(conn net.Conn, kind byte) error {
	const port = 2
	length := int64(0)
	switch kind {
	case socksIPv4:
		length = net.IPv4len
	case socksIPv6:
		length = net.IPv6len
	case socksName:
		size := make([]byte, 1)
		if _, err := io.ReadFull(conn, size); err != nil {
			return fmt.Errorf("reading a length: %w", err)
		}
		length = int64(size[0])
	default:
		return fmt.Errorf("the kind of address %d is unknown", kind)
	}
	if _, err := io.CopyN(io.Discard, conn, length+port); err != nil {
		return fmt.Errorf("reading its address: %w", err)
	}
	return nil
}
