package api

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// Invariant: signing keys are shown with everything but their private part, and
// the public key reads the same in each notation.
func TestSigningKeysOverTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for algorithm, want := range map[string]map[string]string{
		"ed25519":           {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig"},
		"ecdsa-p256-sha256": {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig"},
	} {
		made := w.post("/v1/signing-keys", fmt.Sprintf(`{"algorithm":%q}`, algorithm)).is(http.StatusCreated).data()
		jwk := made["jwk"].(map[string]any)
		for name, value := range want {
			if jwk[name] != value {
				t.Errorf("%s: %s is %v", algorithm, name, jwk[name])
			}
		}
		if jwk["kid"] != made["id"] || made["status"] != "current" || made["expiresAt"] != nil || !strings.HasPrefix(made["id"].(string), "sgk_") {
			t.Errorf("made was %v", made)
		}
		text, err := json.Marshal(jwk)
		if err != nil {
			t.Fatal(err)
		}
		one, errOne := signature.ParsePublicKey(string(text))
		other, errOther := signature.ParsePublicKey(made["publicKey"].(string))
		if errOne != nil || errOther != nil || !samePublicKey(one, other) {
			t.Errorf("%s: %v, %v: %v and %v differ", algorithm, errOne, errOther, one, other)
		}
	}
	rotated := w.post("/v1/signing-keys/rotate", `{"algorithm":"ed25519","overlapSeconds":60}`).is(http.StatusOK).data()
	items := w.get("/v1/signing-keys").is(http.StatusOK).items()
	if len(items) != 3 || items[0]["id"] != rotated["id"] || items[0]["status"] != "current" {
		t.Fatalf("listed are %v", items)
	}
	retiring := 0
	for _, item := range items {
		if item["status"] == "retiring" && item["expiresAt"] != nil {
			retiring++
			w.send(request{method: http.MethodDelete, path: "/v1/signing-keys/" + item["id"].(string)}).is(http.StatusOK)
		}
	}
	if left := w.get("/v1/signing-keys").items(); retiring != 1 || len(left) != 2 {
		t.Errorf("%d retire, left are %v", retiring, left)
	}
	w.post("/v1/signing-keys", `{"algorithm":"rsa"}`).is(http.StatusUnprocessableEntity)
	w.post("/v1/signing-keys", `{"algorithm":"ed25519"}`).is(http.StatusConflict)
	w.post("/v1/signing-keys/rotate", `{}`).is(http.StatusUnprocessableEntity)
}

func samePublicKey(one, other any) bool {
	switch key := one.(type) {
	case ed25519.PublicKey:
		return key.Equal(other)
	case *ecdsa.PublicKey:
		return key.Equal(other)
	default:
		return false
	}
}

// Invariant: anybody may fetch the public keys of an environment, may keep them
// for a while, and learns nothing of which environments there are.
func TestKeySetsArePublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.post("/v1/signing-keys", `{"algorithm":"ed25519"}`).is(http.StatusCreated).data()
	empty := w.post("/v1/environments", `{"name":"empty"}`).is(http.StatusCreated).data()["id"].(string)
	fetch := func(path string) answer {
		a := w.send(request{method: http.MethodGet, path: path, key: "none"}).is(http.StatusOK)
		if a.header.Get("Cache-Control") != "public, max-age=300" || a.header.Get("Content-Type") != "application/jwk-set+json" {
			t.Errorf("%s: %v", path, a.header)
		}
		return a
	}
	for _, path := range []string{"/environments/" + made["environmentId"].(string) + "/.well-known/jwks.json", "/.well-known/jwks.json"} {
		var set struct{ Keys []map[string]string }
		if err := json.Unmarshal(fetch(path).body, &set); err != nil || len(set.Keys) != 1 {
			t.Fatalf("%s: %v %v", path, err, set)
		}
		if got := set.Keys[0]; got["kid"] != made["id"] || len(got) != 6 || got["d"] != "" {
			t.Errorf("%s: %v", path, got)
		}
	}
	for _, environment := range []string{empty, posthorn.EnvironmentID{7}.String(), posthorn.EnvironmentID{}.String(), "env_x", "whc_" + empty[4:]} {
		if got := string(fetch("/environments/" + environment + "/.well-known/jwks.json").body); got != `{"keys":[]}` {
			t.Errorf("%s: %s", environment, got)
		}
	}
}
