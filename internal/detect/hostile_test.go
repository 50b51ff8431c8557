package detect_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/detect"
)

// publicKeys are as many as a question may have, in PEM.
func publicKeys(t *testing.T, isECDSA bool) []string {
	t.Helper()
	var texts []string
	for range detect.MaxSecrets {
		var public any
		var err error
		if isECDSA {
			var private *ecdsa.PrivateKey
			private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err == nil {
				public = private.Public()
			}
		} else {
			public, _, err = ed25519.GenerateKey(rand.Reader)
		}
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	}
	return texts
}

// ofKeys are declared formats with public keys and many signatures in many lines.
func ofKeys(count int, algorithm posthorn.SignatureAlgorithm, content string) []posthorn.Format {
	var formats []posthorn.Format
	form := posthorn.ECDSAForm("")
	if algorithm == posthorn.ECDSAP256 {
		form = posthorn.ECDSARaw
	}
	for i := range count {
		formats = append(formats, posthorn.Format{
			Name: fmt.Sprintf("mine-%d", i), Headers: []posthorn.Header{{Name: "X-Sig", Value: "a={signature}"}}, Success: []string{"2xx"},
			Signatures: []posthorn.SignatureScheme{{Algorithm: algorithm, ECDSA: form, Content: content, Encoding: posthorn.EncodingHex, Several: ",a={signature}"}},
		})
	}
	return formats
}

func manySecrets(count int) []string {
	var all []string
	for i := range count {
		all = append(all, fmt.Sprintf("whsec_%040d", i))
	}
	return all
}

func manyHeaders(count int, value string) string {
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, "X-H-%d: %s\n", i, value)
	}
	return text.String()
}

// messageSignatures are headers of RFC 9421 whose signatures cover as much as they
// can.
func messageSignatures(count int, body string) string {
	inputs, signatures := make([]string, count), make([]string, count)
	for i := range count {
		inputs[i] = fmt.Sprintf(`s%d=("content-digest"%s)`, i, strings.Repeat(` "x"`, 30))
		signatures[i] = fmt.Sprintf("s%d=:%s:", i, strings.Repeat("AAAA", 21)+"AA==")
	}
	digest := sha256.Sum256([]byte(body))
	return "Content-Digest: sha-256=:" + base64.StdEncoding.EncodeToString(digest[:]) + ":\nSignature-Input: " + strings.Join(inputs, ", ") + "\nSignature: " + strings.Join(signatures, ", ") + "\n"
}

// hostile are questions that cost as much as their author can make them.
func hostile(t *testing.T) map[string]detect.Question {
	t.Helper()
	const head = "POST /in HTTP/1.1\nHost: a.example\n"
	signatures := func(bytes, count int) string {
		return strings.TrimSuffix(strings.Repeat("a="+strings.Repeat("ab", bytes)+",", count), ",")
	}
	made := map[string]detect.Question{}
	add := func(name, text string, secrets []string, formats []posthorn.Format) {
		q := detect.Question{Request: read(t, text), Known: append(builtIn(t), formats...), Now: noon()}
		for _, secret := range secrets {
			q.Secrets = append(q.Secrets, detect.Secret{Value: secret})
		}
		made[name] = q
	}
	long := strings.Repeat("a", 900<<10)
	keys, curves := publicKeys(t, false), publicKeys(t, true)
	add("64 KiB of signatures in a header", head+"X-Sig: "+signatures(64, 512)+"\n\n{}", keys, ofKeys(100, posthorn.Ed25519, "{body}"))
	add("as many signatures as are read", head+"X-Sig: "+signatures(64, 32)+"\n\n{}", curves, ofKeys(100, posthorn.ECDSAP256, "{body}"))
	add("public keys and a long body", head+"X-Sig: "+signatures(64, 32)+"\n\n"+long, keys, ofKeys(100, posthorn.Ed25519, "{body}"))
	add("many secrets and a long body", head+manyHeaders(12, strings.Repeat("ab", 32))+"X-Ts: 1777896000\nX-Id: a\n\n"+long, manySecrets(detect.MaxSecrets), nil)
	add("tokens", head+"X-Token: "+strings.Repeat("eyJ.", 225<<10)+"\n\n{}", manySecrets(detect.MaxSecrets), nil)
	add("tokens in many headers", head+manyHeaders(110, strings.Repeat("eyJ.", 2<<10))+"\n{}", manySecrets(detect.MaxSecrets), nil)
	add("places in many headers", head+manyHeaders(110, strings.Repeat(",", 8<<10))+"\n{}", manySecrets(1), nil)
	add("many values", head+"X-Sig: "+signatures(32, 1)+"\n\n["+strings.Repeat("1,", 450<<10)+"1]", manySecrets(1), ofKeys(100, posthorn.HMACSHA256, "{body}"))
	add("values deep inside", head+"X-Sig: "+signatures(32, 1)+"\n\n"+strings.Repeat("[", 98)+strings.Repeat("1,", 16000)+"1"+strings.Repeat("]", 98), manySecrets(detect.MaxSecrets), ofKeys(1, posthorn.HMACSHA256, "{body}"))
	add("a form of many fields", head+"Content-Type: application/x-www-form-urlencoded\nX-Sig: "+signatures(32, 1)+"\n\n"+strings.Repeat("id=2026-01-02T03:04:05.1Z&", 36<<10), manySecrets(1), nil)
	add("message signatures", head+messageSignatures(30, long)+"X: "+strings.Repeat("a", 8000)+"\n\n"+long, curves, nil)
	return made
}

// Guards that no question keeps a core for longer than a moment, whatever is in it,
// and that the answer says so where something was left out.
func TestHostileQuestionsEnd(t *testing.T) {
	t.Parallel()
	const mostly = time.Minute // a busy machine under the race detector; what is not bounded takes several
	for name, q := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			d := diagnose(t, q)
			t.Logf("diagnose %v %v %q %q", time.Since(start), d.IsStopped, d.Detail, d.Hint)
			if took := time.Since(start); took > mostly || d.IsValid {
				t.Errorf("%v: %+v", took, d)
			}
			var secrets []string
			for _, secret := range q.Secrets {
				secrets = append(secrets, secret.Value)
			}
			start = time.Now()
			inferred, err := detect.Infer(context.Background(), detect.Example{Request: q.Request, Secrets: secrets, Known: slices.Clone(q.Known)})
			t.Logf("infer %v %v %v", time.Since(start), inferred.IsStopped, inferred.Explanation)
			if took := time.Since(start); err != nil || took > mostly || inferred.IsFound {
				t.Errorf("%v: %v, %+v", took, err, inferred.Explanation)
			}
		})
	}
}
