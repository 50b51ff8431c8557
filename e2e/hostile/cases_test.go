package hostile

import (
	"time"

	"github.com/posthorn/posthorn"
)

// expectation is what must come of the deliveries to one behaviour.
type expectation struct {
	chaos string
	// reasons are the words that are right; several where the operating system
	// decides who notices first.
	reasons []string
	// holds means that the first answers hold back or disable the webhook, so that
	// the other deliveries wait.
	holds bool
	// hold is how long the webhook is held back, 0 for not at all.
	hold time.Duration
	// truncated means that what is kept of the body is marked as not all of it.
	truncated bool
	// bytes is how long each event's data is; 0 is short.
	bytes int
}

// shortTimeout is enough for a slow machine to connect and to send.
const shortTimeout = 8 * time.Second

// timeout is what an attempt gets: little where it is what ends the attempt, and where
// it isn't, so much that a slow machine doesn't reach it.
func (e expectation) timeout() time.Duration {
	for _, reason := range e.reasons {
		if reason == "timeout" || reason == "tls_timeout" {
			return shortTimeout
		}
	}
	return posthorn.MaxTimeout
}

func is(chaos string, reasons ...string) expectation {
	return expectation{chaos: chaos, reasons: reasons}
}

func holding(chaos string, hold time.Duration) expectation {
	return expectation{chaos: chaos, reasons: []string{"rate_limited"}, holds: true, hold: hold}
}

func truncated(chaos string) expectation {
	return expectation{chaos: chaos, reasons: []string{"success"}, truncated: true}
}

func expectations() []expectation {
	list := []expectation{
		is("refuse", "connection_refused"),
		is("blackhole", "timeout"),
		is("close", "connection_closed"),
		is("close-at-once", "connection_closed", "connection_reset"),
		is("reset", "connection_reset"),
		is("reset-at-once", "connection_reset"),
		is("slow-headers=100ms", "timeout"),
		truncated("slow-body=100ms"),
		is("stalled-headers", "timeout"),
		truncated("stalled-body"),
		is("delay=500ms", "success"),
		is("delay=1h", "timeout"),
		{chaos: "zero-window", reasons: []string{"timeout"}, bytes: 900_000},
		{chaos: "answer-early", reasons: []string{"success"}, bytes: 900_000},
		is("empty", "success"),
		is("connection-close", "success"),
		is("stale-keep-alive", "success"),

		truncated("endless-body"),
		is("endless-headers", "response_headers_too_large"),
		is("long-header", "response_headers_too_large"),
		is("many-headers", "response_headers_too_large"),
		is("endless-informational=100", "response_headers_too_large"),
		is("endless-informational=102", "response_headers_too_large"),
		is("endless-informational=103", "response_headers_too_large"),
		truncated("endless-trailers"),
		truncated("endless-chunk-extension"),
		truncated("compressed-bomb"),

		// The banner may come and the connection go before the request has been sent.
		{chaos: "banner", reasons: []string{"protocol_error", "connection_closed"}},
		is("no-status", "protocol_error"),
		is("garbage", "protocol_error"),
		is("tls-on-plain", "protocol_error"),
		is("switch-protocols", "protocol_error"),
		is("cut-headers", "connection_closed"),
		is("bad-header", "protocol_error"),
		is("bad-version", "protocol_error"),

		truncated("bad-chunk"),
		truncated("huge-chunk"),
		truncated("cut-chunk"),
		truncated("short-body"),
		is("long-body", "success"),
		is("negative-length", "protocol_error"),
		is("no-number-length", "protocol_error"),
		is("two-lengths", "protocol_error"),
		is("length-and-chunks", "success"),

		is("redirect=file:///etc/passwd", "redirect"),
		is("redirect=http://169.254.169.254/latest/meta-data/", "redirect"),
		{chaos: "status=410", reasons: []string{"gone"}, holds: true},

		is("tls-expired", "tls_expired"),
		is("tls-not-yet-valid", "tls_not_yet_valid"),
		is("tls-self-signed", "tls_self_signed"),
		is("tls-incomplete-chain", "tls_incomplete_chain"),
		is("tls-weak-key", "tls_weak_certificate"),
		is("tls-other-protocol", "tls_no_common_protocol"),
		is("tls-wrong-name", "tls_wrong_name"),
		is("tls-old", "tls_version"),
		is("tls-stall", "tls_timeout"),
		is("tls-garbage", "tls_error"),
	}
	for _, code := range []string{"200", "201", "202", "203", "204", "205", "206", "207", "226", "299"} {
		list = append(list, is("status="+code, "success"))
	}
	for _, code := range []string{"300", "301", "302", "303", "304", "307", "308"} {
		list = append(list, is("status="+code, "redirect"))
	}
	for _, code := range []string{"400", "401", "403", "404", "409", "413", "418", "451", "499", "500", "502", "503", "504", "599"} {
		list = append(list, is("status="+code, "status_"+code))
	}
	for _, code := range []string{"0", "000", "99", "099", "600", "999", "2000", "-200", "2e2"} {
		list = append(list, is("status="+code, "protocol_error"))
	}
	const day = 24 * time.Hour
	for value, hold := range map[string]time.Duration{"120": 2 * time.Minute, "date": 2 * time.Minute, "far": day, "twice": time.Minute, "99999999999999999999": day} {
		list = append(list, holding("retry-after="+value, hold))
	}
	for _, value := range []string{"-1", "0", "1e300", "NaN", "inf", "past", "soon", "0x10"} {
		list = append(list, is("retry-after="+value, "rate_limited"))
	}
	return list
}
