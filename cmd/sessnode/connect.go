package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/config"
)

// clientSettings is what a client verb was told, with its key file read.
type clientSettings struct {
	config.Client
	apiKey    string
	transport http.RoundTripper // what the client sends its requests through
}

// readClient reports the faults of all keys of a client verb at once.
func readClient(cmd *cobra.Command, std stdio) (clientSettings, error) {
	sources, err := config.Sources(fromFlags(cmd), std.env)
	c, faults := config.LoadClient(sources...)
	if err := errors.Join(err, faults); err != nil {
		return clientSettings{}, err
	}
	key, err := config.ClientKey(c.APIKeyFile)
	return clientSettings{Client: c, apiKey: key}, err
}

// connect prepares a client of the cluster that a verb's flags, the variables and the file name; see addClientFlags. It
// sends nothing yet. The caller closes it.
func connect(cmd *cobra.Command, std stdio) (*client.Client, clientSettings, error) {
	return connectFor(cmd, std, 0)
}

// connectFor is connect for what takes longer than a session's read: the time-out is at least this.
func connectFor(cmd *cobra.Command, std stdio, least time.Duration) (*client.Client, clientSettings, error) {
	s, err := readClient(cmd, std)
	if err != nil {
		return nil, s, err
	}
	s.Timeout = max(s.Timeout, least)
	tr := client.DefaultTransport()
	if tr.TLSClientConfig, err = trust(s.CAFile); err != nil {
		return nil, s, err
	}
	s.transport = tr
	if s.Verbose {
		s.transport = &curls{out: std.err, next: s.transport}
	}
	opts := []client.Option{client.WithTimeout(s.Timeout), client.WithTransport(s.transport)}
	if s.App != "" {
		opts = append(opts, client.WithApp(s.App))
	}
	if s.apiKey != "" {
		opts = append(opts, client.WithAPIKey(s.apiKey))
	}
	c, err := client.New(s.URL, opts...)
	if err != nil {
		return nil, s, badConnection(err, s)
	}
	if f := cmd.Flags().Lookup("url"); f != nil && f.Changed && config.HideKey(s.URL) != s.URL {
		newPrinter(std, s).say("note: other users of this host can see the key in --url; SESSNODE_URL, the file and --api-key-file hide it")
	}
	return c, s, nil
}

// connectApp is connect for verbs about one app: it says how to name one before anything is sent.
func connectApp(cmd *cobra.Command, std stdio) (*client.Client, clientSettings, error) {
	c, s, err := connect(cmd, std)
	if err != nil || c.Name() != "" {
		return c, s, err
	}
	c.Close()
	return nil, s, errNoApp()
}

func errNoApp() error {
	return &problem{what: "no app was named", why: "this verb is about one app of the cluster", exit: exitUsage,
		try: "add --app NAME, set SESSNODE_APP, or put it into the URL: sessnode://HOST/NAME   (sessnode app list shows all)"}
}

// badName explains what an app can be called. What looks like a token is not shown.
func badName(app string) error {
	what := fmt.Sprintf("%q cannot name an app", app)
	if looksLikeToken(app) {
		what = "that cannot name an app; it looks like a token"
	}
	return &problem{what: what, why: "a name has up to 64 lower case letters, digits and . _ -, and begins with a letter or digit",
		try: "--app web   (sessnode app list shows all)", exit: exitUsage}
}

// badConnection explains what client.New refuses. Its texts never quote the URL.
func badConnection(err error, s clientSettings) error {
	if s.App != "" && !sessnode.ValidApp(s.App) {
		return badName(s.App)
	}
	what := err.Error()
	if e := (*sessnode.Error)(nil); errors.As(err, &e) {
		what = e.Detail
	}
	what, _, _ = strings.Cut(what, "; write ")
	return &problem{what: fmt.Sprintf("cannot connect to %s", config.HideKey(s.URL)), why: what,
		try: "--url http://10.0.0.11:7480,http://10.0.0.12:7480   or   SESSNODE_URL=sessnode://KEY@10.0.0.11,10.0.0.12/web", exit: exitUsage, err: err}
}
