package client

import (
	"context"
	"encoding/hex"
	"net/http"
	"strconv"

	"github.com/sessnode/sessnode"
)

// Import is a session that another store kept, known by the key of the token that is in the browser's cookie.
type Import struct {
	Key        sessnode.Key // Token.Key of the token
	TokenChars int          // how many characters the token has: the policy asks for a least number
	Subject    string       // empty = anonymous
	Device     sessnode.Device
	Attrs      map[string]sessnode.Value
	Timeouts   sessnode.Timeouts
}

// Import makes the session, so that the cookie goes on working; the token is not sent. It needs an operator's key, and never
// overwrites: sessnode.ErrConflict means that the token has a session (sessnode.ReasonTaken) or had one that ended lately.
// The other errors are those of Create.
func (c *Client) Import(ctx context.Context, in Import, opts ...CallOption) (*Session, error) {
	r := c.appRequest("import", http.MethodPost, "/import", opts)
	body := newObject()
	body.values("attrs", in.Attrs)
	body.timeouts(in.Timeouts)
	if in.Subject != "" {
		body.text("subject", in.Subject)
	}
	if in.Device != (sessnode.Device{}) {
		body.device(in.Device)
	}
	body.text("key", hex.EncodeToString(in.Key[:]))
	body.raw("token_chars", strconv.AppendInt(nil, int64(in.TokenChars), 10))
	return c.session(ctx, r, body)
}
