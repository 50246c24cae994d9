package httpapi

import (
	"net/url"
	"slices"
	"strings"

	"github.com/sessnode/sessnode"
)

// router finds the route of a path. It works on the path as it was sent, segment by segment: nothing is cleaned, joined or
// redirected, so that a subject may hold "/" and ".." in their encoded form and mean nothing but themselves.
type router struct {
	static  map[string]*router
	param   *router // any segment
	methods map[string]*route
	allow   string // the methods as Allow lists them
}

func newRouter(table []route) *router {
	root := &router{}
	for i := range table {
		at := root
		for segment := range strings.SplitSeq(table[i].pattern[1:], "/") {
			at = at.child(segment)
		}
		if at.methods == nil {
			at.methods = map[string]*route{}
		}
		at.methods[table[i].method] = &table[i]
		at.allow = allowed(at.methods)
	}
	return root
}

func (n *router) child(segment string) *router {
	if segment[0] == '{' {
		if n.param == nil {
			n.param = &router{}
		}
		return n.param
	}
	if n.static == nil {
		n.static = map[string]*router{}
	}
	if n.static[segment] == nil {
		n.static[segment] = &router{}
	}
	return n.static[segment]
}

func allowed(methods map[string]*route) string {
	list := []string{"OPTIONS"}
	for m := range methods {
		list = append(list, m)
	}
	if methods["GET"] != nil {
		list = append(list, "HEAD")
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// errNoPath answers a path that leads nowhere. It is `invalid` and no 404: "not found" is said about sessions only, and a
// wrong base address must not sign anybody out.
func errNoPath() error {
	return mistake("there is nothing at this path: /openapi.yaml lists what there is")
}

// params are the decoded parameters of a path. No route has more than two.
type params struct {
	list [2]string
	n    int
}

// find returns what is at a path, and the parameters on the way there.
func (n *router) find(path string, found *params) (*router, error) {
	if path == "" || path[0] != '/' {
		return nil, errNoPath()
	}
	found.n = 0
	for segment := range strings.SplitSeq(path[1:], "/") {
		if next := n.static[segment]; next != nil {
			n = next
			continue
		}
		if n.param == nil || segment == "" {
			return nil, errNoPath()
		}
		text, err := decodeSegment(segment)
		if err != nil {
			return nil, err
		}
		found.list[found.n] = text
		found.n++
		n = n.param
	}
	if n.methods == nil {
		return nil, errNoPath()
	}
	return n, nil
}

// decodeSegment refuses a bare "." or "..": proxies on the way would have taken them for steps, some of them later than
// others.
func decodeSegment(segment string) (string, error) {
	if segment == "." || segment == ".." {
		return "", mistake("a segment of the path is %q: percent-encode its dots", segment)
	}
	text, err := url.PathUnescape(segment)
	if err != nil {
		return "", mistake("the path is not percent-encoded as it should be")
	}
	return text, nil
}

// of returns the route of a method, or the error whose reply lists the methods there are.
func (n *router) of(method string) (*route, error) {
	if method == "HEAD" {
		method = "GET"
	}
	if r := n.methods[method]; r != nil {
		return r, nil
	}
	return nil, &methodError{allow: n.allow}
}

// methodError is answered with 405 and Allow.
type methodError struct{ allow string }

func (e *methodError) Error() string { return "method not allowed" }

func (e *methodError) Unwrap() error { return sessnode.ErrInvalid }

func (e *methodError) reply() *Reply {
	r := problemWith(405, mistake("this path takes %s", e.allow), false)
	r.set("Allow", e.allow)
	return r
}
