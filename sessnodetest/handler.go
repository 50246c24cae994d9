package sessnodetest

import (
	"github.com/sessnode/sessnode/httpapi"
)

var _ httpapi.Store = (*Store)(nil)

// newHandler puts the product's own HTTP API over a store, open to everyone who reaches the loopback port.
func newHandler(s *Store) (*httpapi.API, error) {
	config := httpapi.DefaultConfig(s)
	config.Insecure = true
	return httpapi.New(config)
}
