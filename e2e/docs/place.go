package docs

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Upstream is where the pages say that the source is. Inside of a Place git finds the checkout there.
const Upstream = "https://github.com/sessnode/sessnode"

// firstPage is read in an empty folder, because it says how to get the source; all others in a fresh copy of the checkout.
const firstPage = "README.md"

// Place is a folder with all that the reader of one page has: the source, the program and the Python packages on the PATH, a home.
type Place struct {
	root string // the checkout
	dir  string
	env  []string
}

// NewPlace prepares a place in an empty folder, for pages of the checkout at root. program is a folder with the binary.
func NewPlace(ctx context.Context, root, program, dir string) (*Place, error) {
	p := &Place{root: root, dir: dir}
	for _, name := range []string{"home", "tmp", "scratch", "empty", "sessnode"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return nil, err
		}
	}
	if err := Copy(root, filepath.Join(dir, "sessnode")); err != nil {
		return nil, err
	}
	goEnv, err := GoEnv(ctx, "GOCACHE", "GOMODCACHE")
	if err != nil {
		return nil, err
	}
	for i, setting := range goEnv {
		if strings.HasPrefix(setting, "GOFLAGS=") { // so that the build cache knows the copies of the checkout again
			goEnv[i] = setting + " -trimpath"
		}
	}
	p.env = append(goEnv,
		"PATH="+strings.Join([]string{program, filepath.Join(root, "python", ".venv", "bin"), os.Getenv("PATH")}, string(os.PathListSeparator)),
		"PYTHONDONTWRITEBYTECODE=1",
		"HOME="+filepath.Join(dir, "home"),
		"TMPDIR="+filepath.Join(dir, "tmp"),
		"LANG=C.UTF-8", "TZ=UTC", "TERM=dumb",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url."+filepath.Join(dir, "upstream")+".insteadOf", "GIT_CONFIG_VALUE_0="+Upstream,
	)
	return p, nil
}

// GoEnv returns the settings with which this machine's go finds modules, as environment variables, and those named.
func GoEnv(ctx context.Context, more ...string) ([]string, error) {
	names := append([]string{"GOPROXY", "GOSUMDB", "GONOSUMDB", "GONOPROXY", "GOPRIVATE", "GOINSECURE", "GOFLAGS", "GOTOOLCHAIN", "GOAUTH"}, more...)
	out, err := exec.CommandContext(ctx, "go", append([]string{"env", "-json"}, names...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	values := map[string]string{}
	if err := json.Unmarshal(out, &values); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	var env []string
	for _, name := range names {
		env = append(env, name+"="+values[name])
	}
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env, nil
}

// Reader returns a reader for a page. Close must be called.
func (p *Place) Reader(ctx context.Context, page string) (*Reader, error) {
	dir := filepath.Join(p.dir, "sessnode")
	if page == firstPage {
		dir = filepath.Join(p.dir, "empty")
		if err := p.publish(ctx); err != nil {
			return nil, err
		}
	}
	return NewReader(dir, filepath.Join(p.dir, "scratch"), p.env, p.runGo, p.quoted)
}

// publish makes a repository of the copied checkout, for `git clone`.
func (p *Place) publish(ctx context.Context) error {
	from := filepath.Join(p.dir, "sessnode")
	for _, args := range [][]string{
		{"init", "-q", "-b", "main", from},
		{"-C", from, "add", "--all"},
		{"-C", from, "-c", "user.name=docs", "-c", "user.email=docs@example.org", "commit", "-q", "-m", "the checkout under test"},
		{"clone", "-q", "--bare", from, filepath.Join(p.dir, "upstream")},
	} {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Env = p.env
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w %s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}
