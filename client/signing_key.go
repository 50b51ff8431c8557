package client

import (
	"context"
	"time"
)

// SigningKey is a key that signs for an environment. Only its public part is
// shown.
type SigningKey struct {
	Document
	// ID is the kid of the key.
	ID            string `json:"id"`
	EnvironmentID string `json:"environmentId"`
	// Algorithm is ed25519 or ecdsa-p256-sha256.
	Algorithm string `json:"algorithm"`
	// Status is current, or retiring for a key that was rotated out and is valid
	// until ExpiresAt.
	Status string `json:"status"`
	// PublicKey is what signature.Verify takes as a secret: whpk_… or PEM.
	PublicKey string     `json:"publicKey"`
	CreatedAt time.Time  `json:"createdAt"`
	ExpiresAt *time.Time `json:"expiresAt"`
}

// SigningKeyInput is what a new signing key is made of. Algorithm is needed.
type SigningKeyInput struct {
	EnvironmentID string `json:"environmentId,omitempty"`
	Algorithm     string `json:"algorithm"`
}

// SigningKeyRotation says how a signing key is replaced. The zero value is enough
// where the environment has signing keys of one algorithm.
type SigningKeyRotation struct {
	EnvironmentID string `json:"environmentId,omitempty"`
	Algorithm     string `json:"algorithm,omitempty"`
	// OverlapSeconds is how long earlier keys are valid beside the new one, 0 to
	// 604800.
	OverlapSeconds Optional[int] `json:"overlapSeconds,omitzero"`
}

// CreateSigningKey makes an environment's first signing key of an algorithm.
func (c *Client) CreateSigningKey(ctx context.Context, input SigningKeyInput) (SigningKey, error) {
	return postOne[SigningKey](ctx, c, input, "signing-keys")
}

// ListSigningKeys returns the signing keys of an environment, or of the one that
// the key means if its id is empty, newest first. There is always one page.
func (c *Client) ListSigningKeys(ctx context.Context, environmentID string) (Page[SigningKey], error) {
	return listPage[SigningKey](ctx, c, ListQuery{EnvironmentID: environmentID}.values(), "signing-keys")
}

// RotateSigningKey gives an environment a new signing key and returns it.
func (c *Client) RotateSigningKey(ctx context.Context, rotation SigningKeyRotation) (SigningKey, error) {
	return postOne[SigningKey](ctx, c, rotation, "signing-keys", "rotate")
}

// RevokeSigningKey deletes a signing key: it neither signs nor is published any
// more.
func (c *Client) RevokeSigningKey(ctx context.Context, id string) (Deleted, error) {
	return deleteOne(ctx, c, "signing-keys", id)
}
