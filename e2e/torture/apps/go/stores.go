package main

import (
	"encoding/gob"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/boj/redistore"
	"github.com/gorilla/sessions"
	"github.com/redis/go-redis/v9"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/gorillastore"
	"github.com/sessnode/sessnode/client/scsstore"
	"github.com/sessnode/sessnode/client/sessionhttp"
)

// open returns the application over one kind of session store. Everything is as it comes, but for what is said here.
func open(name string) (http.Handler, error) {
	gob.Register(map[string]string{}) // both scs and gorilla ask for that
	secret := []byte("only for trials, 32 bytes of it.")
	switch name {
	case "scs-memory":
		return overSCS(scs.New()), nil
	case "scs-memory-idle": // with an idle timeout, which most applications set
		m := scs.New()
		m.IdleTimeout = 20 * time.Minute
		return overSCS(m), nil
	case "scs-redis":
		m := scs.New()
		m.Store = goredisstore.New(redis.NewClient(&redis.Options{Addr: redisAddr()}))
		return overSCS(m), nil
	case "scs-sessnode": // with an idle timeout, without which scs does not commit what was changed inside a map
		c, err := sessnode()
		if err != nil {
			return nil, err
		}
		m := scs.New()
		m.Store = scsstore.New(c, scsstore.Options{SubjectFrom: "user"})
		m.ErrorFunc = scsstore.ErrorFunc
		m.IdleTimeout = 20 * time.Minute
		return overSCS(m), nil
	case "gorilla-cookie":
		return overGorilla(sessions.NewCookieStore(secret)), nil
	case "gorilla-redis":
		store, err := redistore.NewRediStore(4, "tcp", redisAddr(), "", "", secret)
		if err != nil {
			return nil, err
		}
		return overGorilla(store), nil
	case "gorilla-sessnode":
		c, err := sessnode()
		if err != nil {
			return nil, err
		}
		store := gorillastore.New(c, gorillastore.Options{SubjectFrom: "user", FlashKeys: []string{"code"}})
		return mux(gorillaApp{store, gorillastore.Answered, func(r *http.Request, s *sessions.Session, key string) ([]any, error) {
			return store.Flashes(r.Context(), s, key)
		}}), nil
	case "sessionhttp":
		c, err := sessnode()
		if err != nil {
			return nil, err
		}
		m, err := sessionhttp.New(c, sessionhttp.Options{})
		if err != nil {
			return nil, err
		}
		return m.Wrap(mux(sessionhttpApp{})), nil
	}
	return nil, fmt.Errorf("no store is called %q", name)
}

func redisAddr() string {
	return strings.TrimSuffix(strings.TrimPrefix(os.Getenv("TORTURE_REDIS"), "redis://"), "/0")
}

func sessnode() (*client.Client, error) {
	return client.New(os.Getenv("SESSNODE_URL"), client.WithApp(os.Getenv("SESSNODE_APP")))
}
