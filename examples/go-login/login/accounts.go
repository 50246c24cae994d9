package login

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/sessnode/sessnode"
)

// accounts are digests of the passwords by user name.
//
// An example may do so. A real application keeps a password hash that is slow on purpose (argon2id, scrypt or bcrypt, each with a
// salt), and slows down who guesses.
type accounts map[string][sha256.Size]byte

func newAccounts(users map[string]string) (accounts, error) {
	if users == nil {
		users = map[string]string{"ada": "demo", "grace": "demo"}
	}
	all := make(accounts, len(users))
	var faults []error
	for name, password := range users {
		if name == "" || len(name) > sessnode.MaxSubjectBytes || password == "" {
			faults = append(faults, fmt.Errorf("user %q: a user needs a name of 1 to %d bytes and a password", name, sessnode.MaxSubjectBytes))
		}
		all[name] = sha256.Sum256([]byte(password))
	}
	return all, errors.Join(faults...)
}

// match reports whether a password is that of a user. It takes as long for a name that does not exist.
func (a accounts) match(name, password string) bool {
	want, known := a[name]
	got := sha256.Sum256([]byte(password))
	right := subtle.ConstantTimeCompare(got[:], want[:]) == 1
	return right && known
}
