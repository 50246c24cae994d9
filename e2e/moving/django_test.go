//go:build e2e

package moving

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
)

// TestNobodyIsLoggedOutByMovingDjango: people sign in with Django's engines in a database and in a cache; manage.py sessnode_export and an
// import move all of them at once, and every cookie opens the same session.
func TestNobodyIsLoggedOutByMovingDjango(t *testing.T) {
	s := newMove(t)
	s.startRedis()
	for _, database := range []string{filepath.Join(s.dir, "django.sqlite3"), fmt.Sprintf("redis://127.0.0.1:%d/1", s.port)} {
		s.djangoSignIn(database)
		export := s.run("", "testdata/djangosite.py", "export", database)
		out, code := s.importing(export, "", nil)
		if want := fmt.Sprintf("made\t%d\t", people); code != 0 || !strings.Contains(out, want) {
			t.Fatalf("import from %s = exit %d, want all of them made\n%s", database, code, out)
		}
		s.djangoKnowsAll(s.run(s.list, "testdata/djangosite.py", "after", database))
		s.noTokenIn(export)
	}
}

// TestDjangoMovesOneSessionAtATime: with OLD_ENGINE, each session moves when its browser comes, and leaves nothing behind that could come back.
func TestDjangoMovesOneSessionAtATime(t *testing.T) {
	s := newMove(t)
	database := filepath.Join(s.dir, "django.sqlite3")
	s.djangoSignIn(database)
	out := s.run(s.list, "testdata/djangosite.py", "moving", database)
	known, left := strings.CutSuffix(out, "0 left\n")
	if !left {
		t.Errorf("the old engine still has sessions: %q", out[max(0, len(out)-30):])
	}
	s.djangoKnowsAll(known)
	s.djangoKnowsAll(s.run(s.list, "testdata/djangosite.py", "after", database))
}

func (s *move) djangoSignIn(database string) {
	s.t.Helper()
	s.cookies, s.list = nil, s.run("", "testdata/djangosite.py", "before", database, strconv.Itoa(people))
	for line := range strings.Lines(s.list) {
		cookie, _, _ := strings.Cut(line, " ")
		s.cookies = append(s.cookies, sessnode.Token(cookie))
	}
	if len(s.cookies) != people {
		s.t.Fatalf("%d people signed in, want %d", len(s.cookies), people)
	}
}

// djangoKnowsAll checks what the app said about the cookies, and asks one node for their subjects.
func (s *move) djangoKnowsAll(said string) {
	s.t.Helper()
	var want strings.Builder
	for i := range s.cookies {
		fmt.Fprintf(&want, "200 p%d p%d\n", i, i)
	}
	if said != want.String() {
		s.t.Errorf("the app on sessnode knows the cookies as\n%.2000s\nwant\n%.200s...", said, want.String())
	}
	c := s.client(1)
	for i, cookie := range s.cookies {
		if found, err := c.Read(s.t.Context(), cookie); err != nil || found.Subject != fmt.Sprintf("p%d", i) {
			s.t.Fatalf("cookie %d = %+v, %v", i, found, err)
		}
	}
}
