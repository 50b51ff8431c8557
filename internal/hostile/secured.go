package hostile

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// certificate is what is wrong with TLS.
type certificate string

const (
	expired     certificate = "expired"
	notYetValid certificate = "not yet valid"
	selfSigned  certificate = "self-signed"
	wrongName   certificate = "wrong name"
	oldVersion  certificate = "old version"
	stalled     certificate = "stalled"
	nonsense    certificate = "nonsense"
	stranger    certificate = "another protocol"
	lonely      certificate = "incomplete chain"
	feeble      certificate = "weak key"
)

// secured are the behaviours of TLS; their URLs begin with https.
func secured() []Behaviour {
	answer := func(_ context.Context, c *conversation) bool { return c.write(okAnswer) }
	return []Behaviour{
		{Name: "tls-expired", Summary: "shows a certificate that has expired", certificate: expired, act: answer},
		{Name: "tls-not-yet-valid", Summary: "shows a certificate that isn't valid yet", certificate: notYetValid, act: answer},
		{Name: "tls-self-signed", Summary: "shows a certificate that it signed itself", certificate: selfSigned, act: answer},
		{Name: "tls-wrong-name", Summary: "shows a certificate for another host", certificate: wrongName, act: answer},
		{Name: "tls-old", Summary: "speaks TLS 1.0 alone", certificate: oldVersion, act: answer},
		{Name: "tls-incomplete-chain", Summary: "shows a certificate without the intermediate one above it", certificate: lonely, act: answer},
		{Name: "tls-weak-key", Summary: "shows a certificate whose RSA key has 1024 bits", certificate: feeble, act: answer},
		{Name: "tls-other-protocol", Summary: "speaks neither HTTP/2 nor HTTP/1.1 over TLS (ALPN)", certificate: stranger, act: answer},
		{Name: "tls-stall", Summary: "begins TLS and never goes on", certificate: stalled, act: answer},
		{Name: "tls-garbage", Summary: "answers the first message of TLS with plain HTTP", certificate: nonsense, act: answer},
	}
}

// identity is the certificate of a receiver; empty when it speaks no TLS.
type identity struct {
	shown tls.Certificate
	// oldest and newest bound the version of TLS; 0 leaves it open.
	oldest, newest uint16
	// protocols are what it speaks over TLS; empty leaves it open.
	protocols []string
}

// newIdentity makes the certificate that the behaviours need. They stand alone,
// so that the first one speaks for all.
func newIdentity(choices []Choice, now time.Time) (identity, error) {
	kind := choices[0].behaviour.certificate
	if kind == "" {
		return identity{}, nil
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "a receiver that misbehaves"},
		NotBefore:    now.Add(-24 * time.Hour),
		NotAfter:     now.Add(24 * time.Hour),
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	made := identity{}
	switch kind {
	case expired:
		template.NotAfter = now.Add(-time.Hour)
	case notYetValid:
		template.NotBefore = now.Add(time.Hour)
	case wrongName:
		template.DNSNames, template.IPAddresses = []string{"another.example"}, nil
	case oldVersion:
		made.oldest, made.newest = tls.VersionTLS10, tls.VersionTLS10
	case stranger:
		made.protocols = []string{"smtp"}
	case lonely:
		template.IssuingCertificateURL = []string{"http://authority.example/between.crt"}
	case selfSigned, feeble, stalled, nonsense: // the template as it is
	}
	key, err := newKey(kind)
	if err != nil {
		return identity{}, fmt.Errorf("making a key: %w", err)
	}
	issuer := template
	if kind == lonely {
		issuer.Subject = pkix.Name{CommonName: "an authority between"}
	}
	signed, err := x509.CreateCertificate(rand.Reader, &template, &issuer, key.Public(), key)
	if err != nil {
		return identity{}, fmt.Errorf("making a certificate: %w", err)
	}
	made.shown = tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}
	return made, nil
}

func newKey(kind certificate) (crypto.Signer, error) {
	if kind == feeble {
		const weak = 1024
		return rsa.GenerateKey(rand.Reader, weak)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// secure begins TLS; it reports whether the connection can go on.
func (c *conversation) secure(ctx context.Context, kind certificate) bool {
	arrival := Arrival{At: c.receiver.options.Now(), Behaviour: c.choice}
	switch kind {
	case stalled:
		c.receiver.arrived(arrival)
		c.hang()
		return false
	case nonsense:
		c.receiver.arrived(arrival)
		saysAndStays("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")(ctx, c)
		return false
	default:
	}
	made := c.receiver.identity
	secured := tls.Server(c.conn, &tls.Config{Certificates: []tls.Certificate{made.shown}, MinVersion: made.oldest, MaxVersion: made.newest, NextProtos: made.protocols})
	if err := secured.HandshakeContext(ctx); err != nil {
		c.receiver.arrived(arrival)
		return false
	}
	c.conn = secured
	return true
}
