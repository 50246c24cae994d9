package httpapi

import (
	"context"
	"strings"

	"github.com/sessnode/sessnode"
)

// livez answers as long as the process can answer at all. Nothing else belongs here: who fails it is restarted, and a
// restart cures neither a missing leader nor a full disk.
func livez(_ context.Context, c *call) (*Reply, error) { return c.plain(200, "ok\n"), nil }

// readyz answers whether the node should be sent requests: 200 or 503. The lines are shown when asked for with ?verbose
// and whenever one of them fails; with Accept: application/json they come as JSON.
func readyz(_ context.Context, c *call) (*Reply, error) {
	checks := c.api.config.Store.Ready()
	if c.api.draining.Load() {
		checks = append(checks[:len(checks):len(checks)], sessnode.Check{Name: "draining", Detail: "the node is about to stop"})
	}
	ready, status := true, 200
	var lines strings.Builder
	for _, check := range checks {
		mark, word := "[+]", " ok"
		if !check.OK {
			mark, word = "[-]", " failed"
			ready, status = false, 503
		}
		lines.WriteString(mark + check.Name + word)
		if check.Detail != "" {
			lines.WriteString(": " + check.Detail)
		}
		lines.WriteByte('\n')
	}
	if strings.Contains(c.Header.values[headerAccept], typeJSON) {
		return c.readyJSON(status, checks), nil
	}
	switch {
	case !ready:
		return c.plain(status, lines.String()+"not ready\n"), nil
	case c.has[0]:
		return c.plain(status, lines.String()+"ready\n"), nil
	}
	return c.plain(status, "ok\n"), nil
}

func (c *call) readyJSON(status int, checks []sessnode.Check) *Reply {
	w := newWriter(formatJSON)
	w.beginObject()
	w.name("ready")
	w.bool(status == 200)
	w.name("checks")
	w.beginList()
	for _, check := range checks {
		w.beginObject()
		w.member("name", check.Name)
		w.name("ok")
		w.bool(check.OK)
		w.memberIf("detail", check.Detail)
		w.end()
	}
	w.end()
	w.end()
	c.out = formatJSON
	return c.reply(status, w)
}

func (c *call) plain(status int, text string) *Reply {
	r := &Reply{Status: status, Body: []byte(text)}
	r.set("Content-Type", typeText)
	return r
}
