package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/secrets"
)

func newSecrets(std stdio) *cobra.Command {
	return family("secrets", "All keys and certificates that a new cluster needs",
		"secrets makes, in one step, what keeps strangers out of a cluster: the cluster key, API keys, and certificates for the node port.",
		newSecretsMake(std))
}

func newSecretsMake(std stdio) *cobra.Command {
	w := secrets.Wanted{}
	cmd := &cobra.Command{
		Use:   "make [NODE[=HOST,...]]... [flags]",
		Short: "Make the keys and certificates that are missing",
		Long: "make makes one folder for each who needs it. nodes/ goes to every node: the cluster key, hashes of the API keys, a certificate " +
			"for each node named. apps/ goes to the app servers: an API key for each app. operator/ stays with you: your API key, and the " +
			"authority that signs certificates. It completes what is there and never replaces a key, so it may be run before every start. " +
			"A certificate that ends within 90 days is made anew.",
		Example: "  sessnode secrets make n1=10.0.0.11 n2=10.0.0.12 n3=10.0.0.13 --app web\n" +
			"  sessnode serve --cluster-key-file secrets/nodes/cluster.key \\\n    --api-keys-file secrets/nodes/api.keys \\\n" +
			"    --peer-cert-file secrets/nodes/n1.crt --peer-key-file secrets/nodes/n1.key \\\n    --peer-ca-file secrets/nodes/ca.crt",
		RunE: verb(func(_ *cobra.Command, args []string) error {
			for _, arg := range args {
				name, hosts, err := nodeAndHosts(arg, "sessnode secrets make n1=10.0.0.11")
				if err != nil {
					return err
				}
				w.Nodes = append(w.Nodes, secrets.Node{Name: name, Hosts: hosts})
			}
			return makeSecrets(std, w)
		}),
	}
	cmd.Flags().StringVar(&w.Dir, "out", "secrets", "directory of the folders; made if missing")
	cmd.Flags().StringSliceVar(&w.Apps, "app", nil, "app that gets an API key; may be given several times")
	return cmd
}

func makeSecrets(std stdio, w secrets.Wanted) error {
	files, err := secrets.Make(w, time.Now())
	for _, f := range files {
		did := "kept"
		if f.Made {
			did = "made"
		}
		fmt.Fprintf(std.out, "%s\t%s\n", did, f.Path)
	}
	switch {
	case errors.Is(err, secrets.ErrAuthority):
		return &problem{what: err.Error(), why: "it is kept elsewhere, as it should be, and a certificate is missing or ends soon",
			try: "put ca.crt and ca.key back for this run, or make the certificates where they are: sessnode tls make", exit: exitUsage, err: err}
	case errors.Is(err, sessnode.ErrInvalid):
		return &problem{what: err.Error(), why: "a name becomes the name of files; an app's has small letters, digits, '.', '_' and '-'", try: "sessnode secrets make n1 n2 n3 --app web", exit: exitUsage, err: err}
	}
	return err
}
