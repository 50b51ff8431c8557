package api

import (
	"context"
	"net/http"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// keyInput is a key to be made.
type keyInput struct {
	Name        string                         `json:"name"`
	Kind        optional[string]               `json:"kind,omitzero" doc:"workspace or platform; workspace when left out."`
	WorkspaceID optional[posthorn.WorkspaceID] `json:"workspaceId,omitzero" doc:"The oldest in reach when left out."`
}

// KeyBody is a key as it is shown.
type KeyBody struct {
	ID          string  `json:"id"`
	Kind        string  `json:"kind" enum:"platform,workspace"`
	WorkspaceID *string `json:"workspaceId"`
	Name        string  `json:"name"`
	Start       string  `json:"start" doc:"How the key begins, to recognise it."`
	CreatedAt   string  `json:"createdAt" format:"date-time"`
	RevokedAt   *string `json:"revokedAt" format:"date-time"`
}

// createdKeyBody is a new key with its text.
type createdKeyBody struct {
	KeyBody
	Key string `json:"key,omitempty" doc:"The key itself, shown this once. An answer that is replayed for an Idempotency-Key comes without it."`
}

// forReplay leaves out the key's text, which is never kept.
func (b createdKeyBody) forReplay() any { return b.KeyBody }

func (s *Server) keyRoutes() []route {
	return []route{
		writing(http.MethodPost, "/v1/keys", http.StatusCreated, "Create a key", createKey).in("Keys"),
		listing("/v1/keys", "List keys", listKeys).in("Keys").asks(workspaceParameter()),
		deleting("/v1/keys/{keyId}", "Revoke a key", revokeKey).in("Keys"),
	}
}

func createKey(ctx context.Context, c *call, in *keyInput) (createdKeyBody, error) {
	created, err := c.Manager.CreateKey(ctx, c.principal, manage.NewKey{
		Name: in.Name, Kind: posthorn.KeyKind(in.Kind.Value), WorkspaceID: in.WorkspaceID.Value,
	})
	if err != nil {
		return createdKeyBody{}, err
	}
	return createdKeyBody{KeyBody: showKey(created.Key), Key: created.Text.Reveal()}, nil
}

func listKeys(ctx context.Context, c *call) (page[KeyBody], error) {
	asked, err := c.paging()
	if err != nil {
		return page[KeyBody]{}, err
	}
	workspace, err := queryID[posthorn.WorkspaceID](c, "workspaceId")
	if err != nil {
		return page[KeyBody]{}, err
	}
	keys, err := c.Manager.Keys(ctx, c.principal, workspace, asked)
	if err != nil {
		return page[KeyBody]{}, err
	}
	return pageOf(c, asked, keys, func(k posthorn.Key) [16]byte { return k.ID }, showKey), nil
}

func revokeKey(ctx context.Context, c *call) error {
	id, err := pathID[posthorn.KeyID](c, "keyId")
	if err != nil {
		return err
	}
	if _, err := c.Manager.RevokeKey(ctx, c.principal, id); err != nil {
		return err
	}
	c.keys.forgetAll()
	return nil
}

func showKey(k posthorn.Key) KeyBody {
	body := KeyBody{
		ID: k.ID.String(), Kind: string(k.Kind), Name: k.Name, Start: k.Start,
		CreatedAt: showTime(k.CreatedAt), RevokedAt: showTimeOrNull(k.RevokedAt),
	}
	if !k.WorkspaceID.IsZero() {
		workspace := k.WorkspaceID.String()
		body.WorkspaceID = &workspace
	}
	return body
}
