package api

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
	"github.com/posthorn/posthorn/signature"
)

// signingKeyInput is a signing key to be made.
type signingKeyInput struct {
	EnvironmentID optional[posthorn.EnvironmentID] `json:"environmentId,omitzero" doc:"The oldest environment in reach when left out."`
	Algorithm     string                           `json:"algorithm" doc:"ed25519 or ecdsa-p256-sha256."`
}

func (in *signingKeyInput) environment() posthorn.EnvironmentID { return in.EnvironmentID.Value }

// signingKeyRotation says how to rotate a signing key.
type signingKeyRotation struct {
	EnvironmentID  optional[posthorn.EnvironmentID] `json:"environmentId,omitzero" doc:"The oldest environment in reach when left out."`
	Algorithm      optional[string]                 `json:"algorithm,omitzero" doc:"May be left out where the environment has signing keys of one algorithm."`
	OverlapSeconds optional[int64]                  `json:"overlapSeconds,omitzero" doc:"How long earlier keys are valid beside the new one, 0 to 604800; what the server is set to, 86400 by default, when left out."`
}

func (in *signingKeyRotation) environment() posthorn.EnvironmentID { return in.EnvironmentID.Value }

// SigningKeyBody is a signing key as it is shown: never its private part.
type SigningKeyBody struct {
	ID            string  `json:"id" doc:"The kid of the key."`
	EnvironmentID string  `json:"environmentId"`
	Algorithm     string  `json:"algorithm" enum:"ed25519,ecdsa-p256-sha256"`
	Status        string  `json:"status" enum:"current,retiring" doc:"Retiring keys were rotated out and are valid until expiresAt."`
	PublicKey     string  `json:"publicKey" doc:"For receivers: whpk_… of an Ed25519 key, PEM of a P-256 key."`
	JWK           jwkBody `json:"jwk"`
	CreatedAt     string  `json:"createdAt" format:"date-time"`
	ExpiresAt     *string `json:"expiresAt" format:"date-time"`
}

// jwkBody is a public key as RFC 7517 writes it, with the members of RFC 7518,
// section 6.2, or RFC 8037, section 2.
type jwkBody struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	Y         string `json:"y,omitempty"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

// jwksBody is a JSON Web Key Set (RFC 7517, section 5).
type jwksBody struct {
	Keys []jwkBody `json:"keys"`
}

func (s *Server) signingKeyRoutes() []route {
	list := route{
		method: http.MethodGet, path: "/v1/signing-keys", summary: "List an environment's signing keys", status: http.StatusOK,
		output: reflect.TypeFor[SigningKeyBody](), outputList: true, paged: true, handle: listSigningKeys,
	}
	published := route{
		method: http.MethodGet, path: "/environments/{environmentId}/.well-known/jwks.json", summary: "An environment's public keys, as a JSON Web Key Set",
		status: http.StatusOK, open: true, handle: publishedKeys,
	}
	ofOldest := published
	ofOldest.path, ofOldest.summary = "/.well-known/jwks.json", "The public keys of the oldest environment, as a JSON Web Key Set"
	const tag = "Signing keys"
	return []route{
		writing(http.MethodPost, "/v1/signing-keys", http.StatusCreated, "Create an environment's first signing key of an algorithm", createSigningKey).in(tag),
		list.in(tag).asks(environmentParameter()),
		writing(http.MethodPost, "/v1/signing-keys/rotate", http.StatusOK, "Replace a signing key, with a time in which both are valid", rotateSigningKey).in(tag).mayBeEmpty(),
		deleting("/v1/signing-keys/{signingKeyId}", "Revoke a signing key", revokeSigningKey).in(tag),
		published.in(tag), ofOldest.in(tag),
	}
}

func listSigningKeys(ctx context.Context, c *call) (reply, error) {
	environment, err := c.environmentID()
	if err != nil {
		return reply{}, err
	}
	keys, err := c.Manager.SigningKeys(ctx, c.principal, environment)
	if err != nil {
		return reply{}, err
	}
	all := page[SigningKeyBody]{limit: posthorn.MaxPageLimit, items: make([]SigningKeyBody, len(keys))}
	for i, k := range keys {
		if all.items[i], err = showSigningKey(k); err != nil {
			return reply{}, err
		}
	}
	return successPage(all)
}

func createSigningKey(ctx context.Context, c *call, in *signingKeyInput) (SigningKeyBody, error) {
	key, err := c.Manager.CreateSigningKey(ctx, c.principal, in.EnvironmentID.Value, posthorn.SignatureAlgorithm(in.Algorithm))
	if err != nil {
		return SigningKeyBody{}, err
	}
	return showSigningKey(key)
}

func rotateSigningKey(ctx context.Context, c *call, in *signingKeyRotation) (SigningKeyBody, error) {
	key, err := c.Manager.RotateSigningKey(ctx, c.principal, in.EnvironmentID.Value, manage.KeyRotation{
		Algorithm: posthorn.SignatureAlgorithm(in.Algorithm.Value), Overlap: mapped(in.OverlapSeconds, inUnits(time.Second)),
	})
	if err != nil {
		return SigningKeyBody{}, err
	}
	return showSigningKey(key)
}

func revokeSigningKey(ctx context.Context, c *call) error {
	id, err := pathID[posthorn.SigningKeyID](c, "signingKeyId")
	if err != nil {
		return err
	}
	return c.Manager.RevokeSigningKey(ctx, c.principal, id)
}

// publishedKeys answers everybody. An unknown environment is answered like one
// without keys, and with a set rather than an error: who keeps the last set that
// it got would go on trusting keys that were revoked.
func publishedKeys(ctx context.Context, c *call) (reply, error) {
	var keys []manage.PublicKey
	text, isNamed := c.request.PathValue("environmentId"), len(c.route.pathParameters()) > 0
	environment, err := posthorn.ParseID[posthorn.EnvironmentID](text)
	if !isNamed || err == nil && !environment.IsZero() {
		if keys, err = c.Manager.PublishedKeys(ctx, environment); err != nil {
			return reply{}, err
		}
	}
	set := jwksBody{Keys: make([]jwkBody, len(keys))}
	for i, k := range keys {
		if set.Keys[i], err = showJWK(k); err != nil {
			return reply{}, err
		}
	}
	body, err := json.Marshal(set)
	if err != nil {
		return reply{}, fmt.Errorf("writing a key set: %w", err)
	}
	c.writer.Header()["Cache-Control"] = []string{"public, max-age=300"}
	return reply{status: http.StatusOK, body: body, contentType: "application/jwk-set+json"}, nil
}

func showSigningKey(k manage.PublicKey) (SigningKeyBody, error) {
	jwk, err := showJWK(k)
	if err != nil {
		return SigningKeyBody{}, err
	}
	text, err := publicKeyText(k)
	if err != nil {
		return SigningKeyBody{}, err
	}
	body := SigningKeyBody{
		ID: k.ID.String(), EnvironmentID: k.EnvironmentID.String(), Algorithm: string(k.Algorithm), Status: "current",
		PublicKey: text, JWK: jwk, CreatedAt: showTime(k.CreatedAt), ExpiresAt: showTimeOrNull(k.ExpiresAt),
	}
	if !k.ExpiresAt.IsZero() {
		body.Status = "retiring"
	}
	return body, nil
}

func publicKeyText(k manage.PublicKey) (string, error) {
	if key, isEd25519 := k.Key.(ed25519.PublicKey); isEd25519 {
		return signature.FormatPublicKey(key), nil
	}
	der, err := x509.MarshalPKIXPublicKey(k.Key)
	if err != nil {
		return "", fmt.Errorf("writing a public key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

func showJWK(k manage.PublicKey) (jwkBody, error) {
	jwk := jwkBody{ID: k.ID.String(), Use: "sig"}
	switch key := k.Key.(type) {
	case ed25519.PublicKey:
		jwk.KeyType, jwk.Curve, jwk.Algorithm, jwk.X = "OKP", "Ed25519", "EdDSA", base64.RawURLEncoding.EncodeToString(key)
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // uncompressed: 4, x, y (SEC 1, section 2.3.3)
		if err != nil {
			return jwkBody{}, fmt.Errorf("writing a public key: %w", err)
		}
		const coordinate = 32
		jwk.KeyType, jwk.Curve, jwk.Algorithm = "EC", "P-256", "ES256"
		jwk.X, jwk.Y = base64.RawURLEncoding.EncodeToString(point[1:1+coordinate]), base64.RawURLEncoding.EncodeToString(point[1+coordinate:])
	default:
		return jwkBody{}, fmt.Errorf("a public key is a %T", k.Key)
	}
	return jwk, nil
}
