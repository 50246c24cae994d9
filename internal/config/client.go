package config

import (
	"bytes"
	"fmt"
	"time"
)

// Client is what a client verb was told. LoadClient makes it.
type Client struct {
	URL        string        // the cluster, in the forms of client.New; may hold an API key
	App        string        // empty: that of the URL
	APIKeyFile string        // empty: the key of the URL, or none
	CAFile     string        // authorities of the nodes' certificates; empty: the system's
	Timeout    time.Duration // of a call in all; positive
	Output     string        // "table", "wide", "json" or "jsonl"
	Color      string        // "auto", "always" or "never"
	Quiet      bool          // no narration
	Verbose    bool          // show the requests
	File       string        // the configuration file that was read; empty: none
}

// maxAPIKey is more than any key has, and keeps a mistaken path from being sent to a node.
const maxAPIKey = 1024

// ClientKey reads the file with a client's API key: the key alone, with white space around it. It returns "" for an empty
// path, and a *Fault otherwise, which never quotes the file.
func ClientKey(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	raw, err := readKeyFile("api-key-file", path)
	if err != nil {
		return "", err
	}
	key := bytes.TrimSpace(raw)
	why := ""
	switch {
	case len(key) == 0:
		why = "the file is empty"
	case len(key) > maxAPIKey:
		why = fmt.Sprintf("it holds %d characters, and a key has at most %d", len(key), maxAPIKey)
	}
	for _, c := range key {
		if why == "" && (c <= ' ' || c > '~') {
			why = "it holds more than one word, or characters that a header cannot carry; nodes have files of hashes (--api-keys-file), clients one key"
		}
	}
	if why != "" {
		return "", &Fault{Key: "api-key-file", What: "bad API key in " + path, Why: why, Cure: "write the key that belongs to the app or the operator, and nothing else, into " + path}
	}
	return string(key), nil
}
