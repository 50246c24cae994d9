package httpapi

import (
	"context"
	"encoding/hex"

	"github.com/sessnode/sessnode"
)

// importSession makes a session that another store kept, under the key of its token, which this node never sees: 201. It
// is for operators, because an app has no business with sessions whose cookies it did not make (docs/adr/0005).
func importSession(ctx context.Context, c *call) (*Reply, error) {
	var in sessnode.Create
	var attrs attributes
	fields := append([]field{{"attrs", attrs.readPlain}, {"raw", attrs.readRaw}},
		field{"subject", text(&in.Subject, checkSubject)},
		field{"device", device(&in.Device)},
		field{"key", key(&in.Key)},
		field{"token_chars", tokenChars(&in.TokenChars)})
	if err := c.decode(append(fields, timeoutFields(&in.Timeouts)...)...); err != nil {
		return nil, err
	}
	if in.Key.IsZero() || in.TokenChars == 0 {
		return nil, mistake("an import needs key and token_chars")
	}
	in.Attrs = attrs.values
	effect, err := c.writeAs(ctx, c.caller.actor(), in)
	if err != nil {
		return nil, err
	}
	r := c.changed(201, &effect, "", false)
	r.app, r.made = c.app, effect.Session.ID
	return r, nil
}

// key reads the SHA-256 of a token's text. A text of another form may be a token that was put into the wrong field, so it
// is not quoted.
func key(into *sessnode.Key) func(node) error {
	return func(n node) error {
		s, err := n.str()
		if err != nil {
			return err
		}
		raw, err := hex.DecodeString(s)
		if err != nil || len(raw) != len(into) {
			return mistake("should be the SHA-256 of the token's text: 64 hex digits")
		}
		copy(into[:], raw)
		return nil
	}
}

// tokenChars reads how long the token is, which the app's policy asks about and the key does not tell.
func tokenChars(into *int) func(node) error {
	return func(n node) error {
		f, isNumber := n.number()
		if !isNumber || f != float64(int(f)) || f < 1 || f > sessnode.MaxTokenLength {
			return mistake("should be the number of characters of the token: 1 to %d", sessnode.MaxTokenLength)
		}
		*into = int(f)
		return nil
	}
}
