package egress

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"strings"

	"github.com/posthorn/posthorn"
)

// TLS alerts (RFC 8446, section 6) that have a reason of their own.
const (
	alertHandshakeFailure       = 40
	alertBadCertificate         = 42
	alertUnsupportedCertificate = 43
	alertCertificateUnknown     = 46
	alertUnknownAuthority       = 48
	alertAccessDenied           = 49
	alertProtocolVersion        = 70
	alertInsufficientSecurity   = 71
	alertInappropriateFallback  = 86
	alertUnrecognizedName       = 112
	alertCertificateRequired    = 116
	alertNoApplicationProtocol  = 120
)

// handshakeReason says why no TLS connection came about. Nothing here is ever
// answered by trying without TLS or without checking.
func (s *Sender) handshakeReason(failure *handshakeError, p *progress) (posthorn.Reason, string) {
	var (
		verification *tls.CertificateVerificationError
		notTLS       tls.RecordHeaderError
		weak         weakCertificateError
	)
	if errors.As(failure, &verification) {
		return s.certificateReason(verification)
	}
	if errors.As(failure, &weak) {
		return posthorn.ReasonTLSWeakCertificate, weak.sentence()
	}
	if code, isAlert := alertCode(failure); isAlert {
		return alertReason(code, p)
	}
	switch {
	case errors.Is(failure, context.DeadlineExceeded), errors.Is(failure, os.ErrDeadlineExceeded):
		return posthorn.ReasonTLSTimeout, "The receiver didn't finish the TLS handshake in time."
	case errors.As(failure, &notTLS):
		return posthorn.ReasonTLSError, "The receiver doesn't speak TLS on this port. Is it an http:// address?"
	case strings.Contains(failure.Error(), "protocol version"): // crypto/tls has no type for it
		return posthorn.ReasonTLSVersion, "The receiver only speaks a TLS version older than 1.2."
	case strings.Contains(failure.Error(), "unadvertised ALPN protocol"): // nor for this
		return posthorn.ReasonTLSNoCommonProtocol, "The receiver chose a protocol that was not offered (ALPN); it must speak HTTP/2 or HTTP/1.1."
	}
	if reason, _, found := networkReason(failure.err, &progress{}); found && reason == posthorn.ReasonConnectionReset {
		return reason, "The receiver broke the connection off during the TLS handshake."
	}
	return posthorn.ReasonTLSError, "The TLS handshake failed: the receiver ended it or both sides have no way to encrypt in common."
}

func (s *Sender) certificateReason(failure *tls.CertificateVerificationError) (posthorn.Reason, string) {
	var (
		invalid   x509.CertificateInvalidError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
	)
	switch {
	case errors.As(failure, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		if s.now().Before(invalid.Cert.NotBefore) {
			return posthorn.ReasonTLSNotYetValid, "The receiver's certificate is only valid from " + invalid.Cert.NotBefore.UTC().Format("2006-01-02 15:04 UTC") + " on."
		}
		return posthorn.ReasonTLSExpired, "The receiver's certificate expired on " + invalid.Cert.NotAfter.UTC().Format("2006-01-02 15:04 UTC") + "."
	case errors.As(failure, &name):
		return posthorn.ReasonTLSWrongName, "The receiver's certificate is for another host name" + issuedFor(name.Certificate) + "."
	case errors.As(failure, &authority):
		return unknownAuthority(failure.UnverifiedCertificates)
	default:
		return posthorn.ReasonTLSError, "The receiver's certificate is not acceptable: its chain, key or signature breaks a rule."
	}
}

func issuedFor(certificate *x509.Certificate) string {
	if certificate == nil || len(certificate.DNSNames) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s)", clip(certificate.DNSNames[0]))
}

// unknownAuthority tells the ways apart in which a chain leads to no authority.
// A certificate that says where its issuer's is found (RFC 5280, section
// 4.2.2.1) comes from an authority that has more than one level.
func unknownAuthority(chain []*x509.Certificate) (posthorn.Reason, string) {
	for _, certificate := range chain {
		if weakness := weaknessOf(certificate, isSelfSigned(certificate)); weakness != "" {
			return posthorn.ReasonTLSWeakCertificate, weakCertificateError(weakness).sentence()
		}
	}
	switch {
	case len(chain) == 1 && isSelfSigned(chain[0]):
		return posthorn.ReasonTLSSelfSigned, "The receiver's certificate is self-signed; it must come from an authority that is trusted."
	case len(chain) == 1 && len(chain[0].IssuingCertificateURL) > 0:
		return posthorn.ReasonTLSIncompleteChain, "The receiver sent its own certificate alone: an intermediate certificate is missing from its configuration, or its authority is not trusted."
	case len(chain) == 1:
		return posthorn.ReasonTLSUnknownAuthority, "The receiver's certificate comes from an unknown authority. The server sent no intermediate certificate; one may be missing from its configuration."
	default:
		return posthorn.ReasonTLSUnknownAuthority, "The receiver's certificate comes from an authority that is not trusted."
	}
}

func isSelfSigned(certificate *x509.Certificate) bool {
	return bytes.Equal(certificate.RawIssuer, certificate.RawSubject)
}

// alertCode returns the alert that the peer sent. The type of alerts in
// crypto/tls is not exported; its kind is a byte inside a *net.OpError.
func alertCode(failure error) (int, bool) {
	var remote *net.OpError
	if !errors.As(failure, &remote) || remote.Op != "remote error" || remote.Err == nil {
		return 0, false
	}
	value := reflect.ValueOf(remote.Err)
	if value.Kind() != reflect.Uint8 {
		return 0, false
	}
	return int(value.Uint()), true
}

// alertReason explains an alert.
func alertReason(code int, p *progress) (posthorn.Reason, string) {
	switch code {
	case alertProtocolVersion, alertInappropriateFallback:
		return posthorn.ReasonTLSVersion, "The receiver speaks no TLS version that is allowed here (1.2 and newer)."
	case alertUnrecognizedName:
		return posthorn.ReasonTLSWrongName, "The receiver has no certificate for the URL's host name."
	case alertHandshakeFailure, alertBadCertificate, alertUnsupportedCertificate, alertCertificateUnknown,
		alertUnknownAuthority, alertAccessDenied, alertCertificateRequired:
		if p.certificateRequested.Load() {
			return posthorn.ReasonTLSClientCert, "The receiver demands a client certificate, which Posthorn doesn't send."
		}
	case alertNoApplicationProtocol:
		return posthorn.ReasonTLSNoCommonProtocol, "The receiver speaks neither HTTP/2 nor HTTP/1.1 over TLS (ALPN)."
	case alertInsufficientSecurity:
		return posthorn.ReasonTLSError, "The receiver demands stronger encryption than is offered."
	}
	return posthorn.ReasonTLSError, "The receiver ended the TLS connection: " + strings.TrimPrefix(tls.AlertError(code).Error(), "tls: ") + "."
}
