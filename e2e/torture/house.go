package torture

import (
	"context"
	"errors"
	"path/filepath"
)

// house is what runs at the same time: applications, and the stores that they need.
type house struct {
	backends map[Kind]Backend
	servers  []*Server
}

// house starts the applications of a plan. What it returns must be closed also after an error.
func (w *Workshop) house(ctx context.Context, p Plan) (*house, error) {
	h := &house{backends: map[Kind]Backend{}}
	for _, spec := range p.Specs {
		backend, err := h.backend(ctx, w, p, spec.Kind)
		if err != nil {
			return h, err
		}
		variables := p.Variables
		limit := 0
		if backend != nil {
			variables = append(backend.Variables(spec.Name), p.Variables...)
			if limit, err = backend.Declare(ctx, spec.Name); err != nil {
				return h, err
			}
		}
		s, err := w.Start(ctx, spec, variables...)
		h.servers = append(h.servers, s)
		if err != nil {
			return h, err
		}
		s.App.Limit = limit
	}
	return h, nil
}

// backend returns the store of a kind, started at its first use; nil for a kind that has none.
func (h *house) backend(ctx context.Context, w *Workshop, p Plan, k Kind) (Backend, error) {
	if b := h.backends[k]; b != nil {
		return b, nil
	}
	b, err := w.open(ctx, p, k)
	if b != nil {
		h.backends[k] = b
	}
	return b, err
}

// open starts the store of a kind; nil for a kind that has none. What it returns must be closed also after an error.
func (w *Workshop) open(ctx context.Context, p Plan, k Kind) (Backend, error) {
	switch k {
	case InRedis:
		return StartRedis(ctx, filepath.Join(w.Dir, "redis"))
	case InRedisAOF:
		return StartRedis(ctx, filepath.Join(w.Dir, "redis-aof"), "--appendonly", "yes")
	case InNodes:
		return StartNodes(ctx, p.Binary, filepath.Join(w.Dir, "nodes"))
	}
	return nil, nil
}

func (h *house) close(ctx context.Context) error {
	var faults []error
	for _, s := range h.servers {
		faults = append(faults, s.Stop())
	}
	for _, b := range h.backends {
		faults = append(faults, b.Close(ctx))
	}
	return errors.Join(faults...)
}
