package httpapi_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/sessnode/sessnode/httpapi"
	"github.com/sessnode/sessnode/internal/tlsfiles"
)

// certified returns how a server speaks TLS, and how a client that trusts it does.
func certified(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	ca, err := tlsfiles.NewAuthority(t.TempDir()+"/ca", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	files, err := ca.Node("n1", nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	source, err := tlsfiles.Open(files, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(files.CA)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("no certificate in %q: %v", pem, err)
	}
	return source.Server(), &tls.Config{RootCAs: pool}
}

func TestServerSpeaksTLS(t *testing.T) {
	api := newBench(t).api
	config := httpapi.DefaultServerConfig()
	secure, trusting := certified(t)
	config.TLS = secure
	server := httpapi.NewServer(config, api)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	transport := &http.Transport{TLSClientConfig: trusting}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Get("https://" + ln.Addr().String() + "/livez")
	if err != nil || res.StatusCode != 200 || res.TLS == nil {
		t.Errorf("GET over TLS = %+v, %v", res, err)
	} else {
		res.Body.Close()
	}
	if res, err := http.Get("http://" + ln.Addr().String() + "/livez"); err == nil {
		if res.StatusCode == 200 {
			t.Error("a request in plain text was answered")
		}
		res.Body.Close()
	}
	transport.CloseIdleConnections()
	if err := server.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
