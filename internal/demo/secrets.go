package demo

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
	operatorKeyFile = "operator.key"
	appKeyFile      = "app.key"
	apiKeysFile     = "api.keys"
)

// appName is the app whose sessions the demo's people have.
const appName = "demo"

// secrets are the API keys of one demo, made for it and gone with it.
type secrets struct {
	operator string
	app      string
}

// newSecrets makes the cluster key and the API keys, and writes them into the folder.
func newSecrets(folder *Folder) (secrets, error) {
	s := secrets{operator: newKey(), app: newKey()}
	write := func(name, text string) error { return os.WriteFile(folder.file(name), []byte(text), 0o600) }
	return s, errors.Join(
		write(clusterKeyFile, newKey()+"\n"),
		write(operatorKeyFile, s.operator+"\n"),
		write(appKeyFile, s.app+"\n"),
		write(apiKeysFile, "ops operator "+hash(s.operator)+"\nlogin app:"+appName+" "+hash(s.app)+"\n"),
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
