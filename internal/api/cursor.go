package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"github.com/posthorn/posthorn"
)

// macSize is how much of the MAC a cursor carries, in bytes.
const macSize = 16

// cursor makes the cursor of the page that begins after a position. It is good
// for the same route, asker and filter alone.
func (c *call) cursor(position []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(c.cursorMAC(position), position...))
}

// position reads where the page that is asked for begins; nil for the first.
func (c *call) position() ([]byte, error) {
	text, given := c.query["cursor"]
	if !given {
		return nil, nil
	}
	invalid := malformed("", "The cursor is not one that was given out for this list.", "Take nextCursor of the page before, and keep the other parameters the same.")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= macSize {
		return nil, invalid
	}
	position := raw[macSize:]
	if !hmac.Equal(raw[:macSize], c.cursorMAC(position)) {
		return nil, invalid
	}
	return position, nil
}

// cursorMAC covers everything that decides which list it is. Each part is
// preceded by its length, so that none can pass for another.
func (c *call) cursorMAC(position []byte) []byte {
	mac := hmac.New(sha256.New, c.CursorKey)
	write := func(part string) {
		mac.Write([]byte{byte(len(part) >> 16), byte(len(part) >> 8), byte(len(part))})
		mac.Write([]byte(part))
	}
	write(c.route.pattern())
	for _, name := range c.route.pathParameters() {
		write(c.request.PathValue(name))
	}
	write(string(c.principal.Kind))
	write(c.principal.WorkspaceID.String())
	names := c.route.parameterNames()
	slices.Sort(names)
	for _, name := range names {
		if name == "limit" || name == "cursor" {
			continue
		}
		write(name)
		write(c.query[name])
	}
	mac.Write(position)
	return mac.Sum(nil)[:macSize]
}

// paging is what a list of things with ids is asked for. It asks the store for
// one item more than is shown, to know whether there is another page.
func (c *call) paging() (posthorn.Page, error) {
	limit, err := c.limit()
	if err != nil {
		return posthorn.Page{}, err
	}
	position, err := c.position()
	if err != nil {
		return posthorn.Page{}, err
	}
	asked := posthorn.Page{Limit: limit + 1}
	if copy(asked.After[:], position) != len(position) {
		return posthorn.Page{}, malformed("", "The cursor is not one that was given out for this list.", "Begin again without a cursor.")
	}
	return asked, nil
}

// pageOf shows a page of things with ids; asked is what paging returned.
func pageOf[Thing, Item any](c *call, asked posthorn.Page, things []Thing, id func(Thing) [16]byte, show func(Thing) Item) page[Item] {
	limit := asked.Limit - 1
	shown := page[Item]{limit: limit, items: make([]Item, 0, min(limit, len(things)))}
	for i, thing := range things {
		if i == limit {
			last := id(things[i-1])
			shown.next = c.cursor(last[:])
			break
		}
		shown.items = append(shown.items, show(thing))
	}
	return shown
}
