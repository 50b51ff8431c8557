package wire

import (
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// compileSignature checks how the request is signed.
func (d *Dialect) compileSignature(problems *posthorn.Problems) {
	scheme := d.format.Signature
	if scheme.Algorithm == posthorn.NotSigned {
		if scheme != (posthorn.SignatureScheme{Algorithm: posthorn.NotSigned}) {
			problems.Add(posthorn.Invalid("/signature", "The algorithm is none, and more is said about the signature.", "Leave out everything but the algorithm."))
		}
		return
	}
	d.needsSecret = true
	problems.Add(checkAlgorithm(scheme.Algorithm))
	d.algorithm = signature.Algorithm(scheme.Algorithm)
	problems.Add(checkEncoding("/signature/encoding", scheme.Encoding, posthorn.EncodingHex, posthorn.EncodingBase64, posthorn.EncodingBase64URL))
	d.encoding = signature.Encoding(scheme.Encoding)
	problems.Add(checkEncoding("/signature/key", scheme.Key, posthorn.EncodingText, posthorn.EncodingHex, posthorn.EncodingBase64, posthorn.EncodingBase64URL))
	d.key = signature.Encoding(scheme.Key)
	problems.Add(checkKeyPrefix(scheme.KeyPrefix))

	var err *posthorn.Error
	if scheme.Content == "" {
		err = posthorn.Invalid("/signature/content", "Nothing is said of what is signed.", "For example: {timestamp}.{body}")
	} else {
		d.content, err = parseTemplate("/signature/content", scheme.Content, inContent)
	}
	problems.Add(err)
	if scheme.Several == "" {
		return
	}
	d.several, err = parseTemplate("/signature/several", scheme.Several, inHeader)
	problems.Add(err)
	if err == nil && !d.several.uses(signatureValue) {
		problems.Add(posthorn.Invalid("/signature/several", "A further signature needs {signature}.", "For example: \",v1={signature}\""))
	}
}

func checkAlgorithm(algorithm posthorn.SignatureAlgorithm) *posthorn.Error {
	const pointer = "/signature/algorithm"
	const hint = "Use hmac-sha256, hmac-sha512, hmac-sha1 or none."
	switch algorithm {
	case posthorn.HMACSHA1, posthorn.HMACSHA256, posthorn.HMACSHA512:
		return nil
	case "":
		return posthorn.Invalid(pointer, "The format doesn't say how requests are signed.", hint)
	case "ed25519", "ecdsa-p256-sha256", "jwt-hs256", "httpsig":
		return posthorn.Invalid(pointer, fmt.Sprintf("Signing with %s is not supported yet.", algorithm), hint)
	default:
		return posthorn.Invalid(pointer, fmt.Sprintf("%q is not an algorithm.", clip(string(algorithm))), hint)
	}
}

func checkEncoding(pointer string, encoding posthorn.Encoding, allowed ...posthorn.Encoding) *posthorn.Error {
	for _, one := range allowed {
		if encoding == one {
			return nil
		}
	}
	return posthorn.Invalid(pointer, fmt.Sprintf("%q is not an encoding that can be used here.", clip(string(encoding))), fmt.Sprintf("Use one of %v.", allowed))
}

func checkKeyPrefix(prefix string) *posthorn.Error {
	const limit = 32
	if len(prefix) > limit {
		return posthorn.Invalid("/signature/keyPrefix", fmt.Sprintf("The prefix is longer than %d bytes.", limit), "Shorten it.")
	}
	return posthorn.ValidateHeaderValue("/signature/keyPrefix", prefix)
}
