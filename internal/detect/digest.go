package detect

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// replaceDigests puts placeholders in the place of the body's digests.
func replaceDigests(text string, body []byte) string {
	short, long := sha256.Sum256(body), sha512.Sum512(body)
	for _, one := range []struct {
		name string
		raw  []byte
	}{{"digest.sha256", short[:]}, {"digest.sha512", long[:]}} {
		text = strings.ReplaceAll(text, hex.EncodeToString(one.raw), "{"+one.name+".hex}")
		text = strings.ReplaceAll(text, base64.StdEncoding.EncodeToString(one.raw), "{"+one.name+"}")
		text = strings.ReplaceAll(text, base64.URLEncoding.EncodeToString(one.raw), "{"+one.name+".base64url}")
	}
	return text
}
