package httpapi

import "context"

// cluster answers with the node's own view. It asks no other node, so it answers without a leader too.
func cluster(ctx context.Context, c *call) (*Reply, error) {
	s := c.api.config.Store.Status(ctx)
	w := newWriter(c.out)
	w.beginObject()
	w.member("cluster", s.Cluster)
	w.member("node", s.Node)
	w.member("leader", s.Leader)
	w.member("state_hash", s.StateHash)
	w.name("drills")
	w.bool(c.api.config.AllowDrills)
	w.name("now")
	w.time(s.Now)
	w.totals(
		named[uint64]{"generation", &s.Generation}, named[uint64]{"term", &s.Term}, named[uint64]{"commit", &s.Commit},
		named[uint64]{"applied", &s.Applied}, named[uint64]{"sessions", &s.Sessions}, named[uint64]{"bytes", &s.Bytes},
		named[uint64]{"budget", &s.Budget})
	w.name("members")
	w.beginList()
	for _, m := range s.Members {
		w.beginObject()
		w.member("id", m.ID)
		w.member("name", m.Name)
		w.member("node_addr", m.NodeAddr)
		w.member("http_addr", m.HTTPAddr)
		w.member("version", m.Version)
		for _, b := range [...]named[bool]{{"voter", &m.Voter}, {"leader", &m.Leader}, {"alive", &m.Alive}, {"key_file_bad", &m.KeyFileBad}} {
			w.name(b.name)
			w.bool(*b.at)
		}
		w.totals(named[uint64]{"applied", &m.Applied})
		w.name("keys")
		w.beginList()
		for _, key := range m.Keys {
			w.text(key)
		}
		w.end()
		w.end()
	}
	w.end()
	w.end()
	return c.reply(200, w), nil
}

// transfer hands leadership to another node.
func transfer(ctx context.Context, c *call) (*Reply, error) {
	var to string
	if err := c.decode(field{"to", text(&to, func(s string) error { return checkPrintable("the node", s) })}); err != nil {
		return nil, err
	}
	return c.operated(c.api.config.Store.Transfer(ctx, to))
}
