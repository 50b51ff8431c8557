package signature_test

import (
	"testing"

	"github.com/posthorn/posthorn/signature"
)

// A text has one reading: what isn't exactly the encoding is refused, so that no
// second text stands for the same signature or key.
func TestDecodeIsStrict(t *testing.T) {
	t.Parallel()
	for encoding, texts := range map[signature.Encoding][]string{
		signature.Hex:       {"0", "0g", "00 ", "00\n"},
		signature.Base64:    {"QQ", "QR==", "QQ==\n", "Q\nQ==", "+_==", "-w=="},
		signature.Base64URL: {"QQ", "QR==", "QQ==\r\n", "+w=="},
	} {
		for _, text := range texts {
			if raw, err := encoding.Decode(text); err == nil {
				t.Errorf("%s: %q was read as %q", encoding, text, raw)
			}
		}
	}
}

// What an encoding writes, it reads.
func TestEncodingsRoundTrip(t *testing.T) {
	t.Parallel()
	raw := []byte{0, 0xfb, 0xff, 'a', '\n'}
	for _, encoding := range []signature.Encoding{signature.Text, signature.Hex, signature.Base64, signature.Base64URL} {
		text := encoding.Append([]byte("before "), raw)
		got, err := encoding.Decode(string(text[len("before "):]))
		if err != nil || string(got) != string(raw) {
			t.Errorf("%s: %q came back as %q, %v", encoding, raw, got, err)
		}
	}
}

// The prefix decides how a secret is read.
func TestKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		secret   string
		encoding signature.Encoding
		prefix   string
		want     string
	}{
		{"whsec_QUJD", signature.Base64, "whsec_", "ABC"},
		{"QUJD", signature.Base64, "whsec_", "QUJD"},
		{"QUJD", signature.Base64, "", "ABC"},
		{"whsec_QUJD", signature.Text, "", "whsec_QUJD"},
		{"key_x", signature.Text, "key_", "x"},
		{"414243", signature.Hex, "", "ABC"},
	} {
		got, err := signature.Key(c.secret, c.encoding, c.prefix)
		if err != nil || string(got) != c.want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
	for _, secret := range []string{"", "whsec_", "whsec_*"} {
		if key, err := signature.Key(secret, signature.Base64, "whsec_"); err == nil {
			t.Errorf("%q gave the key %q", secret, key)
		}
	}
}
