package egress

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// authority issues certificates for tests.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func newAuthority(t testing.TB, parent *authority) *authority {
	t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Test authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	if parent != nil {
		template.Subject.CommonName = "Test intermediate"
	}
	certificate, key := issue(t, parent, template)
	return &authority{certificate, key}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

func issue(t testing.TB, parent *authority, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return sign(t, parent, template, key), key
}

// sign issues a certificate for a key; without a parent it is its own.
func sign(t testing.TB, parent *authority, template *x509.Certificate, key crypto.Signer) *x509.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(1)
	issuer, issuerKey := template, key
	if parent != nil {
		issuer, issuerKey = parent.certificate, parent.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), issuerKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// serverTemplate is for 127.0.0.1 and hooks.test.
func serverTemplate() *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: "hooks.test"}, DNSNames: []string{"hooks.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

// serverCertificate is as the template unless change says else.
func serverCertificate(t testing.TB, parent *authority, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	template := serverTemplate()
	if change != nil {
		change(template)
	}
	certificate, key := issue(t, parent, template)
	return tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key}
}

// keyedCertificate is a server's with a key of its own kind, and the chain above it.
func keyedCertificate(t testing.TB, parent *authority, key crypto.Signer, chain ...*x509.Certificate) tls.Certificate {
	t.Helper()
	made := tls.Certificate{Certificate: [][]byte{sign(t, parent, serverTemplate(), key).Raw}, PrivateKey: key}
	for _, above := range chain {
		made.Certificate = append(made.Certificate, above.Raw)
	}
	return made
}

func newTLSReceiver(t testing.TB, config *tls.Config, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = config
	server.EnableHTTP2 = true
	server.Config.ErrorLog = quietLog()
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// Invariant: each way in which TLS fails has its own reason, and no request
// leaves without a verified connection.
func TestTLSFailures(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, nil)
	between := newAuthority(t, root)
	strangers := newAuthority(t, nil)
	good := serverCertificate(t, root, nil)
	publicly := func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://authority.test/issuer.crt"} }
	weakKey, strongKey := rsaKey(t, 1024), rsaKey(t, 2048)
	weakBetween := &authority{sign(t, root, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Weak intermediate"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}, weakKey), weakKey}
	with := func(certificate tls.Certificate) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{certificate}}
	}
	demanding := func(version uint16) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAnyClientCert, MinVersion: version, MaxVersion: version}
	}
	for name, test := range map[string]struct {
		config *tls.Config
		reason posthorn.Reason
	}{
		"expired":              {with(serverCertificate(t, root, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })), posthorn.ReasonTLSExpired},
		"not yet valid":        {with(serverCertificate(t, root, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) })), posthorn.ReasonTLSNotYetValid},
		"self-signed":          {with(serverCertificate(t, nil, nil)), posthorn.ReasonTLSSelfSigned},
		"unknown authority":    {with(serverCertificate(t, strangers, nil)), posthorn.ReasonTLSUnknownAuthority},
		"unknown chain":        {with(keyedCertificate(t, newAuthority(t, strangers), strongKey, strangers.certificate)), posthorn.ReasonTLSUnknownAuthority},
		"missing intermediate": {with(serverCertificate(t, between, publicly)), posthorn.ReasonTLSIncompleteChain},
		"whole chain":          {with(keyedCertificate(t, between, strongKey, between.certificate)), posthorn.ReasonSuccess},
		"RSA of 1024 bits":     {with(keyedCertificate(t, root, weakKey)), posthorn.ReasonTLSWeakCertificate},
		"the same, unknown":    {with(keyedCertificate(t, strangers, weakKey)), posthorn.ReasonTLSWeakCertificate},
		"weak intermediate":    {with(keyedCertificate(t, weakBetween, strongKey, weakBetween.certificate)), posthorn.ReasonTLSWeakCertificate},
		"another protocol":     {&tls.Config{Certificates: []tls.Certificate{good}, NextProtos: []string{"smtp"}}, posthorn.ReasonTLSNoCommonProtocol},
		"wrong name":           {with(serverCertificate(t, root, func(c *x509.Certificate) { c.IPAddresses = nil })), posthorn.ReasonTLSWrongName},
		"wrong purpose":        {with(serverCertificate(t, root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })), posthorn.ReasonTLSError},
		"old version":          {&tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, posthorn.ReasonTLSVersion},
		"client cert, TLS 1.2": {demanding(tls.VersionTLS12), posthorn.ReasonTLSClientCert},
		"client cert, TLS 1.3": {demanding(tls.VersionTLS13), posthorn.ReasonTLSClientCert},
		"name not served": {&tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return &tls.Config{GetCertificate: noCertificate}, nil
		}}, posthorn.ReasonTLSWrongName},
		"own troubles":  {&tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errors.New("broken") }}, posthorn.ReasonTLSError},
		"nothing wrong": {with(good), posthorn.ReasonSuccess},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			receiver := newTLSReceiver(t, test.config, func(http.ResponseWriter, *http.Request) {
				if test.reason != posthorn.ReasonSuccess {
					t.Error("a request was sent")
				}
			})
			outcome := newSender(t, Options{RootCAs: root.pool()}).Send(t.Context(), requestTo(receiver.URL))
			wantReason(t, outcome, test.reason)
			if outcome.Timings.TLS <= 0 {
				t.Errorf("no timing of TLS: %+v", outcome.Timings)
			}
		})
	}
}

func rsaKey(t testing.TB, bits int) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Invariant: signatures that can be forged count below the root, not at it.
func TestWeakSignatures(t *testing.T) {
	t.Parallel()
	strong := rsaKey(t, minRSABits).Public()
	for algorithm, isWeak := range map[x509.SignatureAlgorithm]bool{
		x509.MD5WithRSA: true, x509.SHA1WithRSA: true, x509.ECDSAWithSHA1: true, x509.SHA256WithRSA: false, x509.PureEd25519: false,
	} {
		certificate := &x509.Certificate{PublicKey: strong, SignatureAlgorithm: algorithm}
		if weaknessOf(certificate, false) != "" != isWeak || weaknessOf(certificate, true) != "" {
			t.Errorf("%v: weak = %q, as a root %q", algorithm, weaknessOf(certificate, false), weaknessOf(certificate, true))
		}
	}
}

func noCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }

// Invariant: https never falls back to anything when the other side doesn't
// speak TLS, nor http when it does.
func TestNoFallbackBetweenSchemes(t *testing.T) {
	t.Parallel()
	sender := newSender(t, Options{})
	plain := newRawReceiver(t, func(conn net.Conn) {
		_, _ = bufio.NewReader(conn).ReadByte()
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	})
	wantReason(t, sender.Send(t.Context(), requestTo("https"+plain[len("http"):])), posthorn.ReasonTLSError)
	encrypted := newTLSReceiver(t, nil, func(http.ResponseWriter, *http.Request) { t.Error("a request was taken") })
	outcome := sender.Send(t.Context(), requestTo("http"+encrypted.URL[len("https"):]))
	if outcome.Reason != posthorn.ReasonSuccess || outcome.StatusCode != http.StatusBadRequest {
		t.Errorf("got %+v", outcome) // the server itself says 400
	}
}

// Invariant: HTTP/2 is spoken where the receiver can, its connection is shared,
// the same bounds hold, and a stream that was reset is not sent again.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, nil)
	config := &tls.Config{Certificates: []tls.Certificate{serverCertificate(t, root, nil)}}
	var aborted atomic.Int64
	receiver := newTLSReceiver(t, config, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/abort":
			aborted.Add(1)
			panic(http.ErrAbortHandler)
		case "/flood":
			for range 100 {
				w.Header().Add("X-Flood", flooding(1000))
			}
		case "/endless":
			for chunk := make([]byte, 1<<10); ; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}
		_, _ = w.Write([]byte(r.Proto))
	})
	sender := newSender(t, Options{RootCAs: root.pool()})
	for range 2 {
		outcome := sender.Send(t.Context(), requestTo(receiver.URL))
		if outcome.Reason != posthorn.ReasonSuccess || string(outcome.ResponseBody) != "HTTP/2.0" {
			t.Fatalf("got %+v", outcome)
		}
	}
	wantReason(t, sender.Send(t.Context(), requestTo(receiver.URL+"/abort")), posthorn.ReasonProtocolError)
	if aborted.Load() != 1 {
		t.Errorf("sent %d times", aborted.Load())
	}
	wantReason(t, sender.Send(t.Context(), requestTo(receiver.URL+"/flood")), posthorn.ReasonResponseHeadersTooLarge)
	endless := sender.Send(t.Context(), requestTo(receiver.URL+"/endless"))
	if endless.Reason != posthorn.ReasonSuccess || len(endless.ResponseBody) != MaxResponseBody || !endless.BodyTruncated {
		t.Errorf("endless body: %q, kept %d", endless.Reason, len(endless.ResponseBody))
	}
	if again := sender.Send(t.Context(), requestTo(receiver.URL)); !again.ConnectionReused {
		t.Error("the connection is not shared")
	}
}
