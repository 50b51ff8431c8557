// Package signature signs webhook requests and verifies them. It is what a
// receiver imports: it needs nothing but the standard library.
//
// A receiver gives [Verify] the name of the format that its webhook uses, the
// secrets, the headers and the body exactly as it came, before any decoding:
//
//	verified, err := signature.Verify("standard", []string{secret}, request.Header, body, time.Now())
//
// A nil error means that somebody who knows one of the secrets sent exactly this
// body, and, where the format carries a timestamp, that it was sent within the
// last five minutes. Otherwise the error is an [*Error] with one precise
// [Problem].
//
// Where a format signs with a private key, the public key stands in the place of a
// secret: "whpk_…", PEM or its base64, or a JSON Web Key. What is written as a public key
// is never taken for a shared secret, because everybody knows it: formats that take no
// public keys refuse it. Don't give the bare bytes of a key, although ParsePublicKey
// reads them: they can't be told from a secret, so they are a public key only where a
// format takes nothing else, and a shared secret in "standard", the two of CloudEvents
// and "httpsig". Where it signs the URL, [WithURL] says which.
//
// A dialect that isn't built in is written down as a [Scheme], in Go or in JSON.
package signature
