package httpapi

import (
	"context"
	_ "embed" // for the contract
	"slices"
)

// openapi is the contract.
//
//go:embed openapi.yaml
var openapi []byte

// OpenAPI returns the contract, OpenAPI 3.0.3 in YAML. The caller owns the slice.
func OpenAPI() []byte { return slices.Clone(openapi) }

func contract(_ context.Context, _ *call) (*Reply, error) {
	r := &Reply{Status: 200, Body: openapi}
	r.set("Content-Type", "application/yaml")
	return r, nil
}
