package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"sync/atomic"
)

// servedBy is the header of each answer that names the app server that gave it.
const servedBy = "Served-By"

// turns dials the app servers in turn.
type turns struct {
	apps []string
	next atomic.Uint64
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// newProxy returns the proxy. It keeps no connection: an app server that died then fails to be dialled, before anything of the request
// was sent, and the request goes to the next one.
func newProxy(apps []string) http.Handler {
	t := &turns{apps: apps, dial: (&net.Dialer{Timeout: dialLimit}).DialContext}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "apps" // dialled by turns
			r.Out.Host = r.In.Host                            // the app sees the address that the browser has
			r.SetXForwarded()
		},
		Transport: t,
	}
}

// RoundTrip sends a request to the next app server that can be dialled, over a connection of its own.
func (t *turns) RoundTrip(r *http.Request) (*http.Response, error) {
	var app string
	once := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (conn net.Conn, err error) {
			for range t.apps {
				app = t.apps[t.next.Add(1)%uint64(len(t.apps))]
				if conn, err = t.dial(ctx, network, app); err == nil {
					return conn, nil
				}
			}
			return nil, err
		},
	}
	res, err := once.RoundTrip(r)
	if err == nil {
		res.Header.Set(servedBy, app)
	}
	return res, err
}
