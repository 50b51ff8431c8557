package detect

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// replaceDigests puts placeholders in the place of the body's digests.
func (g *guess) replaceDigests(text string) string {
	if g.digests == nil { // made once: a request has many headers, and its body may be long
		g.digests = digestsOf(g.request.Body)
	}
	return g.digests.Replace(text)
}

func digestsOf(body []byte) *strings.Replacer {
	short, long := sha256.Sum256(body), sha512.Sum512(body)
	var pairs []string
	for _, one := range []struct {
		name string
		raw  []byte
	}{{"digest.sha256", short[:]}, {"digest.sha512", long[:]}} {
		pairs = append(pairs,
			hex.EncodeToString(one.raw), "{"+one.name+".hex}",
			base64.StdEncoding.EncodeToString(one.raw), "{"+one.name+"}",
			base64.URLEncoding.EncodeToString(one.raw), "{"+one.name+".base64url}")
	}
	return strings.NewReplacer(pairs...)
}
