package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/keyring"
	"github.com/sessnode/sessnode/internal/term"
)

func newKey(std stdio) *cobra.Command {
	return family("key", "The cluster key, and how it is rotated while nodes run",
		"key makes and changes the file that --cluster-key-file names. It has a key a line: the first is spoken, all are accepted. A running node reads it "+
			"again within a second. A rotation is add, use, remove, each on every node before the next on any; use and remove ask the cluster whether that is so, and refuse "+
			"otherwise. Keys stay in files: how those get to the nodes is yours. What is shown of a key is its fingerprint, which gives nothing away.",
		newKeyMake(std), newKeyList(std), newKeyAdd(std), newKeyUse(std), newKeyRemove(std), newKeyStatus(std))
}

// fileKey is the JSON form of one key of a file.
type fileKey struct {
	File string `json:"file" doc:"the file"`
	Key  string `json:"key" doc:"the key's fingerprint"`
	Role string `json:"role" doc:"spoken (the first) or accepted"`
}

func newKeyMake(std stdio) *cobra.Command {
	return &cobra.Command{
		Use: "make FILE", Short: "Make a file with a fresh cluster key",
		Long:    "make writes 32 random bytes in hex into a new file, which only its owner can read. It never replaces a file.",
		Example: "  sessnode key make cluster.key",
		Args:    needs("FILE"),
		RunE: verb(func(_ *cobra.Command, args []string) error {
			if slices.ContainsFunc(strings.FieldsFunc(args[0], func(r rune) bool { return r == '=' || r == filepath.Separator }), looksLikeToken) {
				return &problem{what: "no file can be called so", why: "it looks like a token or a key, and is not shown again", try: "sessnode key make cluster.key", exit: exitUsage}
			}
			ring := keyring.Ring{keyring.New()}
			if err := ring.Create(args[0]); err != nil {
				why := reasonOf(err)
				if errors.Is(err, fs.ErrExist) {
					why = "there is a file already, and its key may be in use"
				}
				return &problem{what: "cannot make " + args[0], why: why, try: "name another file; sessnode key add puts a fresh key into one that is there", exit: exitUsage, err: err}
			}
			_, err := fmt.Fprintf(std.out, "%s\t%s\n", args[0], ring.Fingerprints()[0])
			return err
		}),
	}
}

func newKeyList(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list [flags]", Short: "Show the fingerprints of the keys in the file",
		Long:    "list reads the file that --cluster-key-file names, in its order. It asks no node; status does.",
		Example: "  sessnode key list --cluster-key-file cluster.key",
		Args:    needs(),
		RunE: verb(func(cmd *cobra.Command, _ []string) error {
			s, path, ring, err := keyFile(cmd, std)
			if err != nil {
				return err
			}
			return printRing(newPrinter(std, s), path, ring)
		}),
	}
	keyFlags(cmd)
	return cmd
}

func newKeyAdd(std stdio) *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use: "add [flags]", Short: "Add a key behind the others: accepted, not yet spoken",
		Long: "add puts a fresh key behind those of the file, or with --from the first key of another file. Then copy the file to every node, " +
			"or do the same there with --from, until `sessnode key status` shows it everywhere.",
		Example: "  sessnode key add --cluster-key-file cluster.key",
		Args:    needs(),
		RunE: verb(func(cmd *cobra.Command, _ []string) error {
			fresh, err := keyFrom(std, from)
			if err != nil {
				return err
			}
			s, path, ring, err := keyFile(cmd, std)
			if err != nil {
				return err
			}
			next, err := ring.Add(fresh)
			if err != nil {
				return refusedKey(path, err, "sessnode key list shows what is in it; sessnode key remove makes room")
			}
			return replaceRing(newPrinter(std, s), path, next, keyring.Fingerprint(fresh))
		}),
	}
	cmd.Flags().StringVar(&from, "from", "", "file whose first key is added, - for standard input (unset: a fresh key)")
	keyFlags(cmd)
	return cmd
}

// keyFrom is the first key of a file or of standard input; a fresh one where neither is named.
func keyFrom(std stdio, path string) ([]byte, error) {
	if path == "" {
		return keyring.New(), nil
	}
	var ring keyring.Ring
	var err error
	if path == "-" {
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(std.in, maxTokenFile+1)); err == nil {
			ring, err = keyring.Parse(string(text))
		}
	} else {
		ring, err = keyring.Read(path)
	}
	if err != nil {
		return nil, &problem{what: "no key can be read from " + whereFrom(path), why: reasonOf(err), try: "--from FILE, made by sessnode key make", exit: exitUsage, err: err}
	}
	return ring[0], nil
}

// keyFlags are those of verbs about the file.
func keyFlags(cmd *cobra.Command) {
	addKey(cmd, "cluster-key-file")
	addClientFlags(cmd)
}

// keyFile reads the file that serve would read here.
func keyFile(cmd *cobra.Command, std stdio) (s clientSettings, path string, ring keyring.Ring, err error) {
	if s, err = readClient(cmd, std); err != nil {
		return s, "", nil, err
	}
	sources, err := config.Sources(fromFlags(cmd), std.env)
	if err != nil {
		return s, "", nil, err
	}
	for _, v := range config.Values(config.ForNode, sources...) {
		if v.Key.Name == "cluster-key-file" {
			path = v.Text
		}
	}
	if path == "" {
		return s, "", nil, &problem{what: "no key file was named", why: "this verb is about the file with the cluster key",
			try: "--cluster-key-file cluster.key, SESSNODE_CLUSTER_KEY_FILE, or the configuration file of the node: --config FILE", exit: exitUsage}
	}
	ring, err = config.ClusterKeys(path)
	return s, path, ring, err
}

func replaceRing(p printer, path string, next keyring.Ring, changed string) error {
	if err := next.Replace(path); err != nil {
		return &problem{what: "cannot change " + path, why: reasonOf(err), try: "run it as a user that may write the file and its directory; nothing was changed", exit: exitFailure, err: err}
	}
	p.say("changed %s: key %s. Now give every node this file; `sessnode key status` says when all have it", path, changed)
	return printRing(p, path, next)
}

func printRing(p printer, path string, ring keyring.Ring) error {
	var items []fileKey
	t := term.NewTable("KEY", "ROLE").Keep(0)
	for i, name := range ring.Fingerprints() {
		role := "accepted"
		if i == 0 {
			role = "spoken"
		}
		items = append(items, fileKey{File: path, Key: name, Role: role})
		t.Row(name, role)
	}
	return printList(p, items, func() *term.Table { return t }, "no keys")
}

func refusedKey(path string, err error, try string) error {
	return &problem{what: "nothing was changed in " + path, why: strings.ReplaceAll(err.Error(), "\n", "; "), try: try, exit: exitUsage, err: err}
}
