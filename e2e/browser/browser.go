//go:build e2e

// Package browser tries the login app as people do: with a real browser, in front of three real nodes.
package browser

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// patience bounds what one person does at one page.
const patience = 30 * time.Second

// person is somebody at a browser of their own. Methods fail the test.
type person struct {
	t    *testing.T
	name string
	ctx  context.Context // of the browser
}

// newPerson opens a browser. A browser that is missing fails the test: it must not pass for a check that was made.
func newPerson(t *testing.T, name string) *person {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("no chromium here (%v): ./scripts/test.sh setup installs Debian's package", err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the browser lives as long as the context of the first call
		t.Fatalf("open a browser: %v", err)
	}
	p := &person{t: t, name: name, ctx: ctx}
	p.view(1280, 800)
	return p
}

// do runs steps, within the time that a person has.
func (p *person) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%s %s: %v", p.name, what, err)
	}
}

// ask evaluates something in the page.
func ask[T any](p *person, script string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		p.t.Fatalf("%s asks the page for %s: %v", p.name, script, err)
	}
	return v
}

// view sets the size of the window, in CSS pixels.
func (p *person) view(width, height int64) {
	p.t.Helper()
	p.do("sets the window's size", chromedp.EmulateViewport(width, height))
}

// opens goes to an address and returns the page's text.
func (p *person) opens(url string) string {
	p.t.Helper()
	p.do("opens "+url, chromedp.Navigate(url))
	return p.reads()
}

// reads returns the text of the page.
func (p *person) reads() string {
	p.t.Helper()
	return ask[string](p, `document.body.innerText`)
}

// signsIn fills in the form of the login page.
func (p *person) signsIn(url, password string) string {
	p.t.Helper()
	p.opens(url + "/login")
	p.do("fills in the form", chromedp.SendKeys("#username", p.name), chromedp.SendKeys("#password", password))
	return p.clicks("main button[type=submit], form[action='/login'] button")
}

// clicks clicks on something that leads to another page, and returns that page's text.
func (p *person) clicks(selector string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(selector)); err != nil {
		p.t.Fatalf("%s clicks on %s: %v", p.name, selector, err)
	}
	return p.reads()
}

// cookies returns what the browser keeps for an address.
func (p *person) cookies(url string) []*network.Cookie {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	got, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{url}})
	if err != nil {
		p.t.Fatalf("%s looks at the cookies: %v", p.name, err)
	}
	return got.Cookies
}

// keeps gives the browser a cookie, as a copy that somebody kept would.
func (p *person) keeps(url string, c *network.Cookie) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: url, Path: c.Path, HTTPOnly: &c.HTTPOnly})
	if err != nil {
		p.t.Fatalf("%s sets a cookie: %v", p.name, err)
	}
}

// shows saves a picture of the page, where SESSNODE_E2E_OUT names a directory.
func (p *person) shows(name string) {
	p.t.Helper()
	dir := os.Getenv("SESSNODE_E2E_OUT")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
	}
	if err != nil {
		p.t.Errorf("picture of %s: %v", name, err)
	}
}
