package local

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
)

// The files of a folder that hold secrets, and the one that holds the hashes of the API keys. All are for this user only.
const (
	clusterKeyFile  = "cluster.key"
	OperatorKeyFile = "operator.key"
	appKeyFile      = "app.key"
	apiKeysFile     = "api.keys"
)

// AppName is the app whose sessions the login app has.
const AppName = "demo"

// Keys are the API keys of one cluster, made for it and gone with it.
type Keys struct {
	Operator string
	App      string
}

// newSecrets makes the cluster key and the API keys, and writes them into the folder.
func newSecrets(folder *Folder) (Keys, error) {
	s := Keys{Operator: newKey(), App: newKey()}
	write := func(name, text string) error { return os.WriteFile(folder.File(name), []byte(text), 0o600) }
	return s, errors.Join(
		write(clusterKeyFile, newKey()+"\n"),
		write(OperatorKeyFile, s.Operator+"\n"),
		write(appKeyFile, s.App+"\n"),
		write(apiKeysFile, "ops operator "+hash(s.Operator)+"\nlogin app:"+AppName+" "+hash(s.App)+"\n"),
	)
}

func newKey() string {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand crashes the program instead
	return hex.EncodeToString(raw[:])
}

func hash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}
