package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/tlsfiles"
)

func newTLS(std stdio) *cobra.Command {
	return family("tls", "Certificates, for people who have no authority of their own",
		"tls makes what nodes need to speak TLS: a private authority, and a certificate for each node, good for the node port and for HTTP.",
		newTLSMake(std))
}

func newTLSMake(std stdio) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "make NODE[=HOST,...]... [flags]",
		Short: "Make, or renew, the certificates of nodes",
		Long: "make writes NODE.crt and NODE.key for each node named, good for localhost and for the hosts (names or addresses) behind the =. " +
			"Where the directory has no authority yet it makes one first: ca.crt goes to every node and client, ca.key stays here and is kept safe. " +
			"An older certificate of that name is replaced; a running node reads the new one by itself.",
		Example: "  sessnode tls make n1=10.0.0.11 n2=10.0.0.12 n3=10.0.0.13,sessions.example\n" +
			"  sessnode serve --tls-cert-file tls/n1.crt --tls-key-file tls/n1.key \\\n" +
			"    --peer-cert-file tls/n1.crt --peer-key-file tls/n1.key \\\n    --peer-ca-file tls/ca.crt",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("NODE is missing")
			}
			return nil
		},
		RunE: verb(func(_ *cobra.Command, args []string) error { return makeCertificates(std, dir, args) }),
	}
	cmd.Flags().StringVar(&dir, "out", "tls", "directory of the authority and the certificates; made if missing")
	return cmd
}

func makeCertificates(std stdio, dir string, nodes []string) error {
	now := time.Now()
	ca, err := tlsfiles.NewAuthority(dir, now)
	switch {
	case err == nil:
		fmt.Fprintf(std.err, "made an authority in %s: give ca.crt to every node and client, and keep ca.key safe\n", dir)
	case errors.Is(err, fs.ErrExist):
		if ca, err = tlsfiles.OpenAuthority(dir); err != nil {
			return &problem{what: err.Error(), why: "the directory holds files of these names that are no authority of sessnode's", try: "--out OTHER-DIR", exit: exitUsage, err: err}
		}
	default:
		return err
	}
	for _, arg := range nodes {
		name, hosts, err := nodeAndHosts(arg, "sessnode tls make n1=10.0.0.11")
		if err != nil {
			return err
		}
		files, err := ca.Node(name, hosts, now)
		if err != nil {
			return &problem{what: err.Error(), why: "a node's name becomes the name of its files", try: "sessnode tls make n1=10.0.0.11", exit: exitUsage, err: err}
		}
		fmt.Fprintf(std.out, "%s\t%s\tgood for %s until %s\n", files.Cert, filepath.Base(files.Key),
			strings.Join(append([]string{"localhost"}, hosts...), ", "), now.Add(tlsfiles.NodeLife).UTC().Format(time.DateOnly))
	}
	return nil
}

// nodeAndHosts reads NODE=HOST,... of the command line; try is what to type instead of a bad one.
func nodeAndHosts(arg, try string) (name string, hosts []string, err error) {
	name, list, _ := strings.Cut(arg, "=")
	if slices.ContainsFunc(append(strings.Split(list, ","), name), looksLikeToken) {
		return "", nil, &problem{what: "neither a node nor a host can be called so", why: "it looks like a token, and is not shown again", try: try, exit: exitUsage}
	}
	for host := range strings.SplitSeq(list, ",") {
		if host = strings.TrimSpace(host); host != "" {
			hosts = append(hosts, host)
		}
	}
	return name, hosts, nil
}
