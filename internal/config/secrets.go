package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/keyring"
)

// maxKeyFile keeps a mistaken path (a log, a device) from being read into memory.
const maxKeyFile = 1 << 20

// APIKey is one line of the API keys file. The key itself is not in it.
type APIKey struct {
	Name string
	Role string            // "operator" or "app:NAME"
	Hash [sha256.Size]byte // SHA-256 of the key's text
}

// ClusterKeys reads the file with the cluster keys, see keyring.Parse. It returns nil for an empty path, and a *Fault otherwise,
// which never quotes the file.
func ClusterKeys(path string) (keyring.Ring, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := readKeyFile("cluster-key-file", path)
	if err != nil {
		return nil, err
	}
	ring, err := keyring.Parse(string(raw))
	if err != nil {
		return nil, &Fault{
			Key: "cluster-key-file", What: "bad cluster key in " + path, Why: strings.ReplaceAll(err.Error(), "\n", "; "),
			Cure: "a file made by `sessnode key make FILE`, once, and copied to every node",
		}
	}
	return ring, nil
}

// APIKeys reads the file with the API keys. Blank lines and those that begin with # are passed over. It returns nil for an
// empty path, and every faulty line at once otherwise; no fault quotes the third field, which may be a key by mistake.
func APIKeys(path string) ([]APIKey, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := readKeyFile("api-keys-file", path)
	if err != nil {
		return nil, err
	}
	var keys []APIKey
	var faults []error
	for i, line := range strings.Split(string(raw), "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		key, why := parseAPIKey(fields)
		if why == "" {
			why = repeats(keys, key)
		}
		if why != "" {
			faults = append(faults, apiKeyFault(fmt.Sprintf("%s, line %d", path, i+1), why))
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		faults = append(faults, apiKeyFault(path, "it holds no key, so nobody could use the API"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return keys, nil
}

func apiKeyFault(where, why string) error {
	return &Fault{
		Key: "api-keys-file", What: "bad API key in " + where, Why: why,
		Cure: `key=$(openssl rand -hex 32); echo "web app:web $(printf %s "$key" | sha256sum | cut -c1-64)"   (that line goes into the file, $key to the app)`,
	}
}

func parseAPIKey(fields []string) (key APIKey, why string) {
	if len(fields) != 3 {
		return key, fmt.Sprintf("it has %d fields, not three: name, role, SHA-256 of the key in hex", len(fields))
	}
	key.Name, key.Role = fields[0], fields[1]
	if app, isApp := strings.CutPrefix(key.Role, "app:"); key.Role != "operator" && !(isApp && sessnode.ValidApp(app)) {
		return key, fmt.Sprintf("the role %q is neither operator nor app:NAME", key.Role)
	}
	sum, err := hex.DecodeString(fields[2])
	if err != nil || len(sum) != len(key.Hash) {
		return key, fmt.Sprintf("the third field has %d characters, not the 64 hex digits of a SHA-256", len(fields[2]))
	}
	copy(key.Hash[:], sum)
	return key, ""
}

func repeats(keys []APIKey, key APIKey) string {
	for _, k := range keys {
		switch {
		case k.Name == key.Name:
			return fmt.Sprintf("the name %q is used twice", key.Name)
		case k.Hash == key.Hash:
			return fmt.Sprintf("%q and %q are the same key", k.Name, key.Name)
		}
	}
	return ""
}

func readKeyFile(key, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err == nil {
		defer f.Close()
		var raw []byte
		raw, err = io.ReadAll(io.LimitReader(f, maxKeyFile+1))
		if err == nil && len(raw) <= maxKeyFile {
			return raw, nil
		}
	}
	why := fmt.Sprintf("the file is larger than %d bytes", maxKeyFile)
	if err != nil {
		why = err.Error()
	}
	return nil, &Fault{
		Key: key, What: fmt.Sprintf("cannot read --%s %s", key, path), Why: why,
		Cure: fmt.Sprintf("name a file that this user can read: --%s FILE   (how to make one: docs/how-to/run-three-nodes.md)", key),
	}
}
