package client

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/sessnode/sessnode"
)

// defaultPort is the HTTP port of a node that was started without --http.
const defaultPort = "7480"

// target is what the first argument of New names.
type target struct {
	bases []string // "http://host:port", no slash at the end
	key   string
	app   string
}

// parseTarget reads "sessnode://KEY@host1,host2:7480/app" (sessnodes:// for TLS) or "http://host1:7480,https://host2".
//
// It does not use url.Parse for the first form, because that refuses several hosts; and its own errors never quote the
// text, because the key is part of it.
func parseTarget(text string) (target, error) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return target{}, badURL("has no scheme")
	}
	switch scheme {
	case "sessnode":
		return parseCluster("http", rest)
	case "sessnodes":
		return parseCluster("https", rest)
	case "http", "https":
		return parseBases(text)
	}
	return target{}, badURL("has another scheme than sessnode, sessnodes, http or https")
}

func parseCluster(scheme, rest string) (target, error) {
	var t target
	authority, path, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		key, err := url.PathUnescape(authority[:at])
		if err != nil {
			return target{}, badURL("has a key with a broken percent-encoding")
		}
		t.key, authority = key, authority[at+1:]
	}
	if t.app = strings.TrimSuffix(path, "/"); t.app != "" && !sessnode.ValidApp(t.app) {
		return target{}, badURL("has a path that cannot name an app")
	}
	for _, host := range strings.Split(authority, ",") {
		address, err := withPort(host, defaultPort)
		if err != nil {
			return target{}, err
		}
		t.bases = append(t.bases, scheme+"://"+address)
	}
	return t.unique()
}

func parseBases(text string) (target, error) {
	var t target
	for _, part := range strings.Split(text, ",") {
		u, err := url.Parse(strings.TrimSpace(part))
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return target{}, badURL("is not a list of http:// and https:// URLs")
		}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
			return target{}, badURL("has more than scheme, host and port in one of its parts (for the key there is WithAPIKey)")
		}
		t.bases = append(t.bases, u.Scheme+"://"+u.Host)
	}
	return t.unique()
}

func (t target) unique() (target, error) {
	for i, base := range t.bases {
		if slices.Contains(t.bases[:i], base) {
			return target{}, badURL("names a node twice")
		}
	}
	return t, nil
}

// withPort completes "host", "host:port", "[v6]" or "[v6]:port".
func withPort(host, port string) (string, error) {
	if h, p, err := net.SplitHostPort(host); err == nil {
		host, port = h, p
	} else if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	} else if strings.Contains(host, ":") {
		return "", badURL("has a host with more than one colon: write IPv6 addresses as [::1]")
	}
	if host == "" || port == "" || strings.ContainsAny(host, " /?#@\\") {
		return "", badURL("has an empty or impossible host")
	}
	return net.JoinHostPort(host, port), nil
}

func badURL(fault string) error {
	e := sessnode.Errorf(sessnode.CodeInvalid, "", "the cluster URL %s; write sessnode://KEY@host1,host2/app or http://host1:7480", fault)
	e.Op = "connect"
	return e
}
