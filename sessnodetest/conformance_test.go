package sessnodetest_test

import (
	"testing"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/conformance"
	"github.com/sessnode/sessnode/sessnodetest"
)

func TestFakeKeepsEveryPromise(t *testing.T) {
	conformance.Run(t, func(t *testing.T) conformance.Target {
		s := sessnodetest.New(t)
		return conformance.Target{Clients: []*client.Client{s.Client("")}, Advance: s.Advance}
	})
}

func TestStrictFakeKeepsEveryPromise(t *testing.T) {
	conformance.Run(t, func(t *testing.T) conformance.Target {
		s := sessnodetest.New(t, sessnodetest.StrictApps())
		return conformance.Target{Clients: []*client.Client{s.Client("")}, Advance: s.Advance, Strict: true}
	})
}
