package secrets

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/keyring"
)

// The folders, one for each who needs what is in them.
const (
	nodesDir    = "nodes"
	operatorDir = "operator"
	appsDir     = "apps"
)

// operatorName is the API key of the operator: its file and its name in api.keys.
const operatorName = "ops"

// Node is one node that needs a certificate.
type Node struct {
	Name  string
	Hosts []string // names and addresses beside localhost
}

// Wanted is what Make sees to.
type Wanted struct {
	Dir   string // made if missing
	Nodes []Node // none: no certificates and no authority
	Apps  []string
}

// File is one file that is there after Make.
type File struct {
	Path string
	Made bool // by this run; else it was there
}

// Make makes what is missing and returns all files that were wanted. A file that is there is never replaced, but api.keys, which
// gets a line for each new app, and a certificate that is good for less than RenewBefore, which is made anew. After an error, what was
// made stays; the next run goes on from there. No error holds a key.
func Make(w Wanted, now time.Time) ([]File, error) {
	for _, app := range w.Apps {
		if !sessnode.ValidApp(app) {
			return nil, fmt.Errorf("%q cannot name an app: %w", app, sessnode.ErrInvalid)
		}
	}
	for _, n := range w.Nodes {
		if n.Name == "" || n.Name == "cluster" || n.Name == "ca" || n.Name != filepath.Base(n.Name) { // cluster.key is another file
			return nil, fmt.Errorf("%q cannot name a node's files: %w", n.Name, sessnode.ErrInvalid)
		}
	}
	m := &maker{dir: w.Dir}
	for _, dir := range []string{nodesDir, operatorDir, appsDir} {
		if err := os.MkdirAll(m.path(dir), 0o700); err != nil {
			return nil, err
		}
	}
	if _, err := m.keyFile(nodesDir, "cluster"); err != nil {
		return m.files, err
	}
	if err := m.apiKeys(w.Apps); err != nil {
		return m.files, err
	}
	return m.files, m.certificates(w.Nodes, now)
}

// maker remembers what it saw to.
type maker struct {
	dir   string
	files []File
}

func (m *maker) path(parts ...string) string {
	return filepath.Join(append([]string{m.dir}, parts...)...)
}

func (m *maker) saw(path string, made bool) { m.files = append(m.files, File{path, made}) }

// keyFile makes NAME.key in a folder where there is none, and returns the key that is there then.
func (m *maker) keyFile(dir, name string) (string, error) {
	path := m.path(dir, name+".key")
	made, err := writeNew(path, newKey()+"\n")
	if err != nil {
		return "", err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	m.saw(path, made)
	return strings.TrimSpace(string(raw)), nil
}

// apiKeys sees to it that api.keys has the operator and each app. A name that is in it needs no file with its key here: whoever
// uses the key may have taken it away.
func (m *maker) apiKeys(apps []string) error {
	path := m.path(nodesDir, "api.keys")
	var text string
	var known []config.APIKey
	switch raw, err := os.ReadFile(path); {
	case err == nil:
		if known, err = config.APIKeys(path); err != nil {
			return err
		}
		text = strings.TrimRight(string(raw), "\n") + "\n"
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	before := text
	add := func(dir, name, role string) error {
		if slices.ContainsFunc(known, func(k config.APIKey) bool { return k.Name == name }) {
			return nil
		}
		key, err := m.keyFile(dir, name)
		if err != nil {
			return err
		}
		if key == "" {
			return fmt.Errorf("%s is empty", m.path(dir, name+".key"))
		}
		sum := sha256.Sum256([]byte(key))
		text += name + " " + role + " " + hex.EncodeToString(sum[:]) + "\n"
		known = append(known, config.APIKey{Name: name})
		return nil
	}
	if err := add(operatorDir, operatorName, "operator"); err != nil {
		return err
	}
	for _, app := range apps {
		name := app
		if app == operatorName {
			name = "app-" + app // the operator has that name
		}
		if err := add(appsDir, name, "app:"+app); err != nil {
			return err
		}
	}
	if text != before {
		if err := replace(path, text); err != nil {
			return err
		}
	}
	m.saw(path, text != before)
	return nil
}

func newKey() string {
	return hex.EncodeToString(keyring.New())
}

// writeNew writes a file unless it is there, and reports whether it did.
func writeNew(path, text string) (bool, error) {
	if _, err := os.Lstat(path); err == nil {
		return false, nil
	}
	if err := write(path+".new", text); err != nil {
		return false, err
	}
	err := os.Link(path+".new", path) // unlike Rename, it never replaces
	if errors.Is(err, fs.ErrExist) {
		return false, os.Remove(path + ".new")
	}
	return err == nil, errors.Join(err, os.Remove(path+".new"))
}

// replace writes a whole file or leaves the old one.
func replace(path, text string) error {
	if err := write(path+".new", text); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func write(path, text string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}
