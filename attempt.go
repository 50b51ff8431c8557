package posthorn

import (
	"strconv"
	"time"
)

// Reason is the one word for what came of an attempt. ReasonSuccess means the
// receiver took it.
type Reason string

// The reasons. A response whose status is a failure has the reason
// "status_" and the code: see StatusReason.
const (
	ReasonSuccess Reason = "success"

	ReasonDNSNotFound       Reason = "dns_not_found"
	ReasonDNSError          Reason = "dns_error"
	ReasonConnectTimeout    Reason = "connect_timeout"
	ReasonConnectionRefused Reason = "connection_refused"
	ReasonConnectionReset   Reason = "connection_reset"
	ReasonConnectionClosed  Reason = "connection_closed"
	ReasonUnreachable       Reason = "unreachable"
	ReasonAddressForbidden  Reason = "address_forbidden"

	ReasonTLSExpired          Reason = "tls_expired"
	ReasonTLSNotYetValid      Reason = "tls_not_yet_valid"
	ReasonTLSUnknownAuthority Reason = "tls_unknown_authority"
	ReasonTLSSelfSigned       Reason = "tls_self_signed"
	ReasonTLSIncompleteChain  Reason = "tls_incomplete_chain"
	ReasonTLSWeakCertificate  Reason = "tls_weak_certificate"
	ReasonTLSWrongName        Reason = "tls_wrong_name"
	ReasonTLSVersion          Reason = "tls_version"
	ReasonTLSNoCommonProtocol Reason = "tls_no_common_protocol"
	ReasonTLSClientCert       Reason = "tls_client_certificate"
	ReasonTLSTimeout          Reason = "tls_timeout"
	ReasonTLSError            Reason = "tls_error"

	ReasonTimeout                 Reason = "timeout"
	ReasonProtocolError           Reason = "protocol_error"
	ReasonResponseHeadersTooLarge Reason = "response_headers_too_large"
	ReasonRedirect                Reason = "redirect"
	ReasonGone                    Reason = "gone"
	ReasonRateLimited             Reason = "rate_limited"

	// ReasonRenderFailed: the request could not be built from the format.
	ReasonRenderFailed Reason = "render_failed"
	// ReasonLocalResource: this machine lacked something (ports, descriptors, time on
	// a processor); not the receiver's fault.
	ReasonLocalResource Reason = "local_resource"
	// ReasonLocalNetwork: hardly any receiver could be reached from this machine, so
	// its own network is taken to have failed; not the receiver's fault.
	ReasonLocalNetwork Reason = "local_network"
	// ReasonEgressProxy: the proxy that the operator sends requests through failed;
	// not the receiver's fault.
	ReasonEgressProxy Reason = "egress_proxy"
	// ReasonInterrupted: this node was stopping; never recorded, never counted.
	ReasonInterrupted Reason = "interrupted"
	// ReasonOutcomeUnknown: the node died, or lost its lease, after it may have sent
	// the request, so nobody knows whether it arrived; not the receiver's fault.
	ReasonOutcomeUnknown Reason = "outcome_unknown"
	// ReasonInternal: our own mistake; not the receiver's fault.
	ReasonInternal Reason = "internal"
)

// StatusReason is the reason for a response whose status is a failure.
func StatusReason(code int) Reason {
	switch {
	case code >= 300 && code < 400:
		return ReasonRedirect
	case code == 410:
		return ReasonGone
	case code == 429:
		return ReasonRateLimited
	default:
		return Reason("status_" + strconv.Itoa(code))
	}
}

// Timings says how long the parts of an attempt took. A part that did not
// happen (a reused connection has no DNS, connect or TLS) is zero.
type Timings struct {
	DNS     time.Duration
	Connect time.Duration
	TLS     time.Duration
	// FirstByte is from the start of the attempt to the first byte of the response.
	FirstByte time.Duration
	Total     time.Duration
}

// Outcome is what came of one attempt. It is data, never an error.
type Outcome struct {
	Reason Reason
	// Detail is a sentence that a person understands; it holds no secret and, for
	// a forbidden address, not the address.
	Detail string
	// StatusCode is the response's status, 0 when there was no response.
	StatusCode int
	// RetryAfter is what the response asked for, 0 when it did not ask. It is
	// never negative and at most MaxRetryAfter.
	RetryAfter time.Duration
	// Headers are those of the response that the request wanted.
	Headers []Header
	// ResponseBody is the beginning of the body, at most 16 KiB, as it came.
	ResponseBody []byte
	// BodyTruncated reports that more came, or could not be read.
	BodyTruncated bool
	// ConnectionReused reports that no new connection was made.
	ConnectionReused bool
	Timings          Timings
}

// Succeeded reports whether the receiver took the request.
func (o Outcome) Succeeded() bool { return o.Reason == ReasonSuccess }

// ChargedToReceiver reports whether the attempt counts against the receiver:
// our own troubles don't use up its retries.
func (o Outcome) ChargedToReceiver() bool {
	switch o.Reason {
	case ReasonLocalResource, ReasonLocalNetwork, ReasonEgressProxy, ReasonInterrupted, ReasonOutcomeUnknown, ReasonInternal:
		return false
	default:
		return true
	}
}

// Attempt is one HTTP request of a delivery and its outcome.
type Attempt struct {
	ID         AttemptID
	DeliveryID DeliveryID
	// Number counts the attempts of a delivery from 1.
	Number    int
	StartedAt time.Time
	// URL is where it was sent: the webhook's URL at that time.
	URL     string
	Outcome Outcome
}
