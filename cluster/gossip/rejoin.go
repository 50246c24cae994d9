package gossip

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// pace is how often a node looks for others.
type pace struct {
	alone   time.Duration // while it knows no living node
	company time.Duration // while it does
}

func (p Profile) pace() pace {
	if p == Local {
		return pace{alone: 100 * time.Millisecond, company: time.Second}
	}
	return pace{alone: time.Second, company: 30 * time.Second}
}

// rejoin tries the seeds while this node is alone, and now and then afterwards those seeds and dead nodes that it does
// not hear: memberlist forgets the dead, so two halves of a partition would otherwise never meet again. It runs until ctx
// ends.
func (g *Gossip) rejoin(ctx context.Context) {
	defer close(g.joined)
	pace := g.config.Profile.pace()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		living, dead := g.table.addresses()
		g.attempt(ctx, living, dead)
		next := pace.company
		if living, _ = g.table.addresses(); len(living) == 0 {
			next = pace.alone
		}
		timer.Reset(next)
	}
}

// attempt contacts each seed that is not known to live, and one of the dead.
func (g *Gossip) attempt(ctx context.Context, living map[string]bool, dead []string) {
	targets, err := g.targets(ctx, living, dead)
	reached := 0
	for _, target := range targets {
		if ctx.Err() != nil {
			return
		}
		n, joinErr := g.list.Join([]string{target})
		reached += n
		if joinErr != nil {
			err = errors.Join(err, explain(joinErr))
		}
	}
	if reached > 0 || len(living) > 0 {
		err = nil // some seeds may well be down
	}
	g.setJoinError(err)
}

func (g *Gossip) targets(ctx context.Context, living map[string]bool, dead []string) ([]string, error) {
	var targets []string
	var faults error
	for _, seed := range g.config.Seeds {
		addrs, err := lookup(ctx, seed)
		if err != nil {
			faults = errors.Join(faults, fmt.Errorf("gossip: seed %s: %w", seed, err))
			continue
		}
		for _, addr := range addrs {
			if addr != g.addr && !living[addr] {
				targets = append(targets, addr)
			}
		}
	}
	if len(dead) > 0 {
		addr := dead[rand.IntN(len(dead))]
		if addr != g.addr && !living[addr] && !slices.Contains(targets, addr) {
			targets = append(targets, addr)
		}
	}
	return targets, faults
}

func (g *Gossip) setJoinError(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if kind(err) != kind(g.joinErr) { // the texts differ by port numbers: say each kind once, not every second
		if err != nil {
			g.log.Warn("no other node reached by gossip", "error", err)
		} else {
			g.log.Info("other nodes reached by gossip")
		}
	}
	g.joinErr = err
}

// kind sorts join errors for logging: nil, the two sentinels, and all others.
func kind(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrKey):
		return "key"
	case errors.Is(err, ErrForeign):
		return "foreign"
	}
	return "other"
}

// explain finds the sentinel behind memberlist's error, of which only the text survives.
func explain(err error) error {
	msg := err.Error()
	switch {
	case strings.Contains(msg, "no installed keys could decrypt"),
		strings.Contains(msg, "remote state is encrypted and encryption is not configured"),
		strings.Contains(msg, "encryption is configured but remote state is not encrypted"):
		return fmt.Errorf("%w: give every node the same one: %w", ErrKey, err)
	case strings.Contains(msg, ErrForeign.Error()):
		return fmt.Errorf("%w: check the seeds and the data directory: %w", ErrForeign, err)
	}
	return fmt.Errorf("gossip: %w", err)
}
