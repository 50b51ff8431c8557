package wire_test

import (
	"sync"
	"testing"

	"github.com/posthorn/posthorn"
)

// Each algorithm, encoding and way to read a key gives what other
// implementations give: computed with Python's hmac over `{}`.
func TestAlgorithmsAndEncodings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		algorithm     posthorn.SignatureAlgorithm
		encoding, key posthorn.Encoding
		prefix        string
		secret        posthorn.Secret
		want          string
	}{
		{posthorn.HMACSHA1, posthorn.EncodingHex, posthorn.EncodingText, "", "a secret", "ab78136315708c655aa2e4d5aef7bb32e2f7a275"},
		{posthorn.HMACSHA256, posthorn.EncodingBase64, posthorn.EncodingText, "", "a secret", "xCTG9ZDQ1x5zwUnPO6uqz2hwknbr35jEQml11eB/k5c="},
		{posthorn.HMACSHA512, posthorn.EncodingBase64URL, posthorn.EncodingText, "", "a secret", "FDJ4NuP8dH6Ebpwx71oAO6ihT3lFFzg83wAtDaG8FVhs1fqozlca5-sBG09rFpfrQZ2I_ohZ3T3EaDB2pneAyg=="},
		{posthorn.HMACSHA256, posthorn.EncodingHex, posthorn.EncodingHex, "", "0102030405060708", "72c429771e7112a1a6143f4b165c17f69ae9dcdc5b55505f42eb26d8870137af"},
		{posthorn.HMACSHA256, posthorn.EncodingHex, posthorn.EncodingBase64, "", "+//+AAEC", "cf0d0e804cead679c95645c5f2e21f8d331d966432200d307c42c8e61f6fa5bd"},
		{posthorn.HMACSHA256, posthorn.EncodingHex, posthorn.EncodingBase64URL, "", "-__-AAEC", "cf0d0e804cead679c95645c5f2e21f8d331d966432200d307c42c8e61f6fa5bd"},
		{posthorn.HMACSHA256, posthorn.EncodingHex, posthorn.EncodingText, "key_", "key_a secret", "c424c6f590d0d71e73c149cf3babaacf68709276ebdf98c4426975d5e07f9397"},
		{posthorn.HMACSHA256, posthorn.EncodingHex, posthorn.EncodingHex, "key_", "0102030405060708", "2d8ff0c5f570c0a15bf6ddf6755b2658b2587156727480a6349c4c9d0cb73460"},
	} {
		dialect := compile(t, posthorn.Format{
			Name:       "mine",
			Headers:    []posthorn.Header{{Name: "X-Signature", Value: "{signature}"}},
			Signatures: []posthorn.SignatureScheme{{Algorithm: c.algorithm, Content: "{body}", Encoding: c.encoding, Key: c.key, KeyPrefix: c.prefix}},
		})
		in := input()
		in.Event.Data = []byte(`{}`)
		in.Webhook.Secrets[0].Value = c.secret
		if got := headerMap(render(t, dialect, in))["X-Signature"][0]; got != c.want {
			t.Errorf("%s, %s, %s: got %s, want %s", c.algorithm, c.encoding, c.key, got, c.want)
		}
	}
}

// A secret that the format can't read fails the attempt instead of signing with
// something else.
func TestSecretsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for key, secret := range map[posthorn.Encoding]posthorn.Secret{
		posthorn.EncodingHex: "not hexadecimal", posthorn.EncodingBase64: "not*base64", posthorn.EncodingBase64URL: "a+b/",
	} {
		dialect := compile(t, posthorn.Format{
			Name:       "mine",
			Headers:    []posthorn.Header{{Name: "X-Signature", Value: "{signature}"}},
			Signatures: []posthorn.SignatureScheme{{Algorithm: posthorn.HMACSHA256, Content: "{body}", Key: key}},
		})
		in := input()
		in.Webhook.Secrets[0].Value = secret
		if _, err := dialect.Render(in); err == nil {
			t.Errorf("%s: signed", key)
		}
	}
}

// A format that signs nothing needs no secret, unless it sends it.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	format := posthorn.Format{Name: "mine", Signatures: []posthorn.SignatureScheme{{Algorithm: posthorn.NotSigned}}}
	in := input()
	in.Webhook.Secrets = nil
	request := render(t, compile(t, format), in)
	if len(request.Headers) != 1 || string(request.Body) != string(in.Event.Data) {
		t.Errorf("the request is %s", asText(request))
	}
	format.Headers = []posthorn.Header{{Name: "X-Token", Value: "{secret}"}}
	if _, err := compile(t, format).Render(in); err == nil {
		t.Error("sent a secret that isn't there")
	}
	if got := headerMap(render(t, compile(t, format), input()))["X-Token"][0]; got != newSecret {
		t.Errorf("sent %q", got)
	}
}

// One dialect serves many deliveries at once, and each gets its own request.
func TestRenderIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	dialect := builtIn(t, standard)
	want := asText(render(t, dialect, rotated(1)))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				request, err := dialect.Render(rotated(1))
				if err != nil || asText(request) != want {
					t.Errorf("%v: %s", err, asText(request))
					return
				}
			}
		})
	}
	group.Wait()
}
