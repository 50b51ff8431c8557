package egress

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/posthorn/posthorn"
)

// explain finds the one reason for a failure, and a sentence about it. Nothing
// of an error's own text is shown unless it is known to be free of secrets and
// of our network's addresses.
func (s *Sender) explain(attempt context.Context, failure error, p *progress) posthorn.Outcome {
	reason, detail := s.reasonFor(attempt, failure, p)
	return posthorn.Outcome{Reason: reason, Detail: detail}
}

func (s *Sender) reasonFor(attempt context.Context, failure error, p *progress) (posthorn.Reason, string) {
	var (
		unsendable *buildError
		handshake  *handshakeError
		lookup     *net.DNSError
		broken     *proxyError
	)
	switch cause := context.Cause(attempt); {
	case errors.Is(cause, errDeadline), cause == nil && errors.Is(failure, errDeadline):
		return deadlineReason(p)
	case cause != nil:
		return posthorn.ReasonInterrupted, "This node was stopping before an answer arrived."
	case errors.As(failure, &unsendable):
		return posthorn.ReasonRenderFailed, "The request could not be built: its URL or one of its headers is not valid."
	case errors.Is(failure, errForbidden):
		return posthorn.ReasonAddressForbidden, "The egress policy forbids the address or the port that the URL leads to."
	case isLocal(failure):
		return posthorn.ReasonLocalResource, "This machine ran out of ports, file descriptors or memory for connections."
	case errors.As(failure, &broken):
		return posthorn.ReasonEgressProxy, "The egress proxy failed. This is not the receiver's fault."
	case errors.Is(failure, errProxyUnreached):
		return posthorn.ReasonUnreachable, "The egress proxy could not reach the receiver."
	case errors.Is(failure, errProxyGaveUp):
		return posthorn.ReasonConnectTimeout, "The egress proxy got no connection to the receiver in time."
	case errors.As(failure, &handshake):
		return s.handshakeReason(handshake, p)
	case errors.As(failure, &lookup):
		return lookupReason(lookup)
	case p.lacksCertificate():
		return posthorn.ReasonTLSClientCert, "The receiver asked for a client certificate, got none, and ended the connection."
	}
	if reason, detail, found := networkReason(failure, p); found {
		return reason, detail
	}
	return protocolReason(failure, p)
}

func deadlineReason(p *progress) (posthorn.Reason, string) {
	switch phase(p.phase.Load()) {
	case phaseResolving:
		return posthorn.ReasonDNSError, "The host's name was not resolved in time."
	case phaseProxy:
		return posthorn.ReasonEgressProxy, "The egress proxy didn't take the connection in time."
	case phaseConnecting:
		return posthorn.ReasonConnectTimeout, "No connection was made in time: the receiver's address doesn't answer."
	case phaseTLS:
		return posthorn.ReasonTLSTimeout, "The receiver didn't finish the TLS handshake in time."
	case phaseWaiting:
		return posthorn.ReasonTimeout, "No connection to the receiver became free in time."
	case phaseExchange: // it depends on what came back
	}
	if p.waitsForStream() {
		return posthorn.ReasonTimeout, "The receiver allowed no further request on its HTTP/2 connections in time. It was not sent."
	}
	if p.answered() {
		return posthorn.ReasonTimeout, "The receiver began to answer, but not all of the response's headers arrived in time."
	}
	return posthorn.ReasonTimeout, "The receiver didn't answer in time. It may have received the request."
}

// isLocal reports that this machine lacked something. A machine without IPv6
// has no address to connect from either; there the receiver can't be reached.
func isLocal(failure error) bool {
	if errors.Is(failure, syscall.EADDRNOTAVAIL) {
		var dial *net.OpError
		target, isTCP := (*net.TCPAddr)(nil), false
		if errors.As(failure, &dial) {
			target, isTCP = dial.Addr.(*net.TCPAddr)
		}
		return !isTCP || target.IP.To4() != nil
	}
	return isAny(failure, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM)
}

func lookupReason(lookup *net.DNSError) (posthorn.Reason, string) {
	switch {
	case lookup.IsNotFound:
		return posthorn.ReasonDNSNotFound, "The host's name doesn't exist, or has no address. Check the URL for typing mistakes."
	case lookup.IsTimeout:
		return posthorn.ReasonDNSError, "The host's name was not resolved in time."
	default:
		return posthorn.ReasonDNSError, "The host's name servers failed to answer."
	}
}

// networkReason looks for what the operating system reports.
func networkReason(failure error, p *progress) (posthorn.Reason, string, bool) {
	var timeout net.Error
	switch {
	case errors.Is(failure, syscall.ECONNREFUSED):
		return posthorn.ReasonConnectionRefused, "The receiver refused the connection: nothing listens on that port.", true
	case isAny(failure, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN,
		syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, syscall.EACCES, syscall.EPERM, syscall.EINVAL):
		return posthorn.ReasonUnreachable, "There is no way from this machine to the receiver's address.", true
	case isAny(failure, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED):
		return posthorn.ReasonConnectionReset, "The receiver broke the connection off before an answer arrived." + receivedHint(p), true
	case errors.As(failure, &timeout) && timeout.Timeout():
		if phase(p.phase.Load()) == phaseExchange {
			return posthorn.ReasonTimeout, "The connection to the receiver went silent." + receivedHint(p), true
		}
		return posthorn.ReasonConnectTimeout, "No connection was made in time: the receiver's address doesn't answer.", true
	default:
		return "", "", false
	}
}

// protocolReason is about what the receiver did on a connection that works.
// Package net/http has no types for these errors, so that some are known by
// their text; the tests notice when it changes.
func protocolReason(failure error, p *progress) (posthorn.Reason, string) {
	var stream streamError
	text := failure.Error()
	if code, isAlert := alertCode(failure); isAlert {
		return alertReason(code, p)
	}
	cut := error(nil)
	if isHalfALine(text) {
		cut = p.cutBy()
	}
	switch {
	case errors.Is(failure, errHeadersTooLarge), strings.Contains(text, "response headers exceeded"), strings.Contains(text, "response header list larger"):
		return posthorn.ReasonResponseHeadersTooLarge, "The response's headers are larger than 64 KiB."
	case errors.Is(failure, errFlood):
		return posthorn.ReasonProtocolError, "The receiver sent far more than an answer, and the connection was closed."
	case errors.As(failure, &stream):
		return stream.reason()
	case errors.Is(failure, errSentEnough):
		return posthorn.ReasonConnectionReset, "The receiver turned the request down over HTTP/2 twice without processing it."
	case isGoAway(text):
		return goAwayReason(text)
	case isAny(cut, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED):
		return posthorn.ReasonConnectionReset, "The receiver broke the connection off within its answer." + receivedHint(p)
	case errors.Is(failure, io.ErrUnexpectedEOF), errors.Is(failure, io.EOF), errors.Is(cut, io.EOF):
		return posthorn.ReasonConnectionClosed, "The receiver closed the connection before a whole answer had arrived." + receivedHint(p)
	case p.answered():
		return posthorn.ReasonProtocolError, "The receiver's answer is not HTTP: " + clip(strings.TrimPrefix(text, brokenPrefix))
	default:
		return posthorn.ReasonConnectionClosed, "The connection ended before an answer arrived." + receivedHint(p)
	}
}

// isHalfALine reports whether an answer that began as HTTP was refused for a line that may
// have been cut: what isn't HTTP at all isn't so for having ended.
func isHalfALine(text string) bool {
	_, status, isStatus := strings.Cut(text, `malformed HTTP status code "`)
	return strings.Contains(text, "malformed MIME header") || strings.Contains(text, `malformed HTTP response "HTTP/`) ||
		isStatus && strings.Trim(status, "0123456789") == `"`
}

// brokenPrefix is what net/http says before it comes to the point.
const brokenPrefix = "net/http: HTTP/1.x transport connection broken: "

// receivedHint is honest about what can't be known.
func receivedHint(p *progress) string {
	if phase(p.phase.Load()) != phaseExchange {
		return ""
	}
	return " It may have received the request."
}

func isAny(failure error, codes ...syscall.Errno) bool {
	var code syscall.Errno
	if !errors.As(failure, &code) {
		return false
	}
	for _, candidate := range codes {
		if code == candidate {
			return true
		}
	}
	return false
}
