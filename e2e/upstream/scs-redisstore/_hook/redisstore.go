//go:build go1.26

// Package redisstore stands in for the package of scs whose tests these are: what its New returns is a store of scsstore.
package redisstore

import (
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/sessnode/sessnode/client/scsstore"
)

// RedisStore is what the tests call it. They look for keys with its prefix.
type RedisStore struct {
	pool   *redis.Pool
	prefix string
}

// New makes a store.
func New(pool *redis.Pool) *RedisStore { return &RedisStore{pool, ""} }

// whole is a codec for blobs without inner structure, as the tests have them.
type whole struct{}

func (whole) Encode(_ time.Time, values map[string]any) ([]byte, error) {
	b, _ := values[redis.Name].([]byte)
	return b, nil
}

func (whole) Decode(b []byte) (time.Time, map[string]any, error) {
	return time.Time{}, map[string]any{redis.Name: b}, nil
}

func (r *RedisStore) store() *scsstore.Store {
	return scsstore.New(r.pool.App(), scsstore.Options{Codec: whole{}})
}

// Find finds a session.
func (r *RedisStore) Find(token string) ([]byte, bool, error) { return r.store().Find(token) }

// Commit keeps a session.
func (r *RedisStore) Commit(token string, b []byte, expiry time.Time) error {
	return r.store().Commit(token, b, expiry)
}

// Delete ends a session.
func (r *RedisStore) Delete(token string) error { return r.store().Delete(token) }
