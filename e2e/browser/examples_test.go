//go:build e2e

package browser

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sessnode/sessnode/e2e/examples"
)

// TestTheExamplesInABrowser: the login app in every framework. Sign in, lose the leader, still in; sign out, and the old cookie is dead.
func TestTheExamplesInABrowser(t *testing.T) {
	nodes, apps := examples.Serve(t)
	for name, app := range apps {
		t.Run(name, func(t *testing.T) {
			ada := newPerson(t, "ada")
			ada.sees("comes", ada.opens(app+"/"), "demo") // the login page tells how to try it
			ada.shows("examples-" + name + "-login")
			ada.do("fills in the form", chromedp.SendKeys("input[name=username]", "ada"), chromedp.SendKeys("input[name=password]", "demo"))
			ada.sees("signs in", ada.clicks("form[action='/login'] button"), ", ada!")
			ada.shows("examples-" + name + "-home")
			cookies := ada.cookies(app)
			if len(cookies) == 0 {
				t.Fatal("the browser keeps no cookie")
			}
			kept := cookies[0]
			for _, c := range cookies {
				if c.Name == "sessnode" {
					kept = c
				}
			}
			if kept.Name != "sessnode" || !kept.HTTPOnly {
				t.Fatalf("the browser keeps %+v, want a cookie sessnode that scripts cannot read", cookies)
			}

			leader, _, err := nodes.Leader(t.Context(), patience)
			if err != nil {
				t.Fatal(err)
			}
			if err := leader.Kill(); err != nil {
				t.Fatal(err)
			}
			ada.sees("clicks right after the leader was killed", ada.opens(app+"/"), ", ada!")
			if err := leader.Start(); err != nil {
				t.Fatal(err)
			}
			if err := nodes.AwaitReady(t.Context()); err != nil {
				t.Fatal(err)
			}

			ada.sees("signs out", ada.clicks("form[action='/logout'] button"), "demo")
			ada.keeps(app, kept)
			ada.sees("brings the old cookie back", ada.opens(app+"/"), "demo")
		})
	}
}

// TestOneLoginForAllExamplesInABrowser: a browser that is signed in at one of them is signed in at all, and out of all.
func TestOneLoginForAllExamplesInABrowser(t *testing.T) {
	_, apps := examples.Serve(t)
	ada := newPerson(t, "ada")
	ada.opens(apps["flask"] + "/login")
	ada.do("fills in the form", chromedp.SendKeys("input[name=username]", "ada"), chromedp.SendKeys("input[name=password]", "demo"))
	ada.sees("signs in at flask", ada.clicks("form[action='/login'] button"), ", ada!")
	for name, app := range apps {
		ada.sees("comes to "+name, ada.opens(app+"/"), ", ada!")
	}
	ada.opens(apps["pyramid"] + "/")
	ada.sees("signs out at pyramid", ada.clicks("form[action='/logout'] button"), "Signed out")
	ada.shows("examples-signed-out")
	for name, app := range apps {
		ada.sees("comes to "+name, ada.opens(app+"/whoami"), "nobody")
	}
}
