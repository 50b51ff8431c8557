package egress

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// Keys below these sizes, in bits, are broken or will be soon (NIST SP 800-57,
// part 1, table 2): no request is entrusted to them.
const (
	minRSABits   = 2048
	minCurveBits = 256
)

// weakCertificateError says what is weak about a certificate.
type weakCertificateError string

func (e weakCertificateError) Error() string { return "weak certificate: " + string(e) }

func (e weakCertificateError) sentence() string {
	return "The receiver's certificate, or one above it, is too weak: " + string(e) + "."
}

// refuseWeakCertificates is the tls.Config's VerifyConnection: one chain of
// those that were verified must be strong.
func refuseWeakCertificates(state tls.ConnectionState) error {
	var weak error
	for _, chain := range state.VerifiedChains {
		found := ""
		for i, certificate := range chain {
			if weakness := weaknessOf(certificate, i == len(chain)-1); weakness != "" {
				found = weakness
				break
			}
		}
		if found == "" {
			return nil
		}
		weak = weakCertificateError(found)
	}
	return weak
}

// weaknessOf is empty for a strong certificate. How a root is signed proves
// nothing, so that it doesn't count.
func weaknessOf(certificate *x509.Certificate, isRoot bool) string {
	switch key := certificate.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSABits {
			return fmt.Sprintf("an RSA key of %d bits, %d are needed", bits, minRSABits)
		}
	case *ecdsa.PublicKey:
		if bits := key.Curve.Params().BitSize; bits < minCurveBits {
			return fmt.Sprintf("a curve of %d bits, %d are needed", bits, minCurveBits)
		}
	}
	if isRoot {
		return ""
	}
	switch certificate.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return "a signature with " + certificate.SignatureAlgorithm.String()
	default:
		return ""
	}
}
