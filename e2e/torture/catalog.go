package torture

// Kind is where an application keeps its sessions, which decides what can fail.
type Kind int

// The kinds.
const (
	InCookie   Kind = iota // in the cookie itself
	InFile                 // in files, or a database in a file, of the machine
	InMemory               // in the application's own memory
	InRedis                // in Redis, configured as Debian does
	InRedisAOF             // in Redis with its append-only file
	InNodes                // in a sessnode cluster
)

// Spec is one application under trial: a framework, what it keeps its sessions in, and how it is started.
type Spec struct {
	Name      string // unique: flags, files and logs
	Framework string // the table it belongs to
	Title     string // its column
	Kind      Kind
	Packages  []string // what to name with versions
	Good      string   // what it is good at, in a sentence; "" for ours

	// Cannot names the trials that one of ours does not keep, with the reason: the tests hold it to that list in both directions.
	Cannot map[string]string

	Command   []string // PYTHON, GOAPP, ADDR and PORT are filled in
	Prepare   []string // run once before
	Variables []string // NAME=value
}

// Ours reports whether it is one of this project's.
func (s Spec) Ours() bool { return s.Kind == InNodes }

// gunicorn is how the WSGI applications are served: two processes with eight threads each.
func gunicorn(app string) []string {
	return []string{"PYTHON", "-m", "gunicorn", "--bind", "ADDR", "--workers", "2", "--worker-class", "gthread", "--threads", "8",
		"--graceful-timeout", "1", "--no-control-socket", app}
}

// uvicorn is how the ASGI applications are served: by as many processes as WEB_CONCURRENCY says.
func uvicorn(app string) []string {
	return []string{"PYTHON", "-m", "uvicorn", "--host", "127.0.0.1", "--port", "PORT", "--log-level", "warning", app}
}

func goApp(store string) []string { return []string{"GOAPP", "-listen", "ADDR", "-store", store} }

// Catalog lists all applications, in the order of the tables.
func Catalog() []Spec {
	return append(append(append(flask(), django()...), pyramid()...), golang()...)
}

func flask() []Spec {
	return []Spec{
		{Name: "flask-cookie", Framework: "Flask", Title: "signed cookie", Kind: InCookie, Packages: []string{"Flask", "itsdangerous"},
			Command: gunicorn("flask_cookie:app"),
			Good:    "needs no store at all, so none can be down; the right choice for small things that are no secret and need no revoking."},
		{Name: "flask-session-filesystem", Framework: "Flask", Title: "Flask-Session, filesystem", Kind: InFile,
			Packages: []string{"Flask-Session", "cachelib"}, Command: gunicorn("flask_filesystem:app"),
			Good: "server-side sessions on one machine with nothing to run."},
		{Name: "flask-session-redis", Framework: "Flask", Title: "Flask-Session, Redis", Kind: InRedis,
			Packages: []string{"Flask-Session", "redis"}, Command: gunicorn("flask_redis:app"),
			Good: "one fast round trip a request to a server that many teams run anyway, and expiry for free."},
		{Name: "flask-session-redis-aof", Framework: "Flask", Title: "the same, `appendonly yes`", Kind: InRedisAOF,
			Packages: []string{"Flask-Session", "redis"}, Command: gunicorn("flask_redis:app"),
			Good: "what Redis acknowledged survives its own crash."},
		{Name: "flask-sessnode", Framework: "Flask", Title: "**sessnode.flask**", Kind: InNodes, Command: gunicorn("flask_sessnode:app")},
		{Name: "flask-session-sessnode", Framework: "Flask", Title: "**sessnode.flask_session**", Kind: InNodes,
			Command: gunicorn("flask_session_sessnode:app")},
		{Name: "flask-session-cachelib", Framework: "Flask", Title: "**sessnode** as cachelib cache", Kind: InNodes,
			Command: gunicorn("flask_session_cachelib:app"), Cannot: map[string]string{
				"double-pop": "Flask-Session takes the value out of what the request has loaded; a cache does not hear of it before the view has it",
			}},
	}
}

func django() []Spec {
	return []Spec{
		{Name: "django-db", Framework: "Django", Title: "db (SQLite)", Kind: InFile, Packages: []string{"Django"},
			Command: gunicorn("django_db:application"), Prepare: []string{"PYTHON", "django_db.py"},
			Good: "sessions lie beside the data, in the same backups, and a session that was deleted stays deleted: its save is an UPDATE."},
		{Name: "django-cache", Framework: "Django", Title: "cache (Redis)", Kind: InRedis, Packages: []string{"Django", "redis"},
			Command: gunicorn("django_cache:application"),
			Good:    "fast, and the same protection against late saves as far as a read before the write goes."},
		{Name: "django-sessnode", Framework: "Django", Title: "**sessnode.django**, WSGI", Kind: InNodes,
			Command: gunicorn("django_sessnode:application")},
		{Name: "django-sessnode-async", Framework: "Django", Title: "**sessnode.django**, ASGI", Kind: InNodes,
			Command: uvicorn("django_sessnode:application"), Variables: []string{"TORTURE_ASYNC=1"}},
	}
}

func pyramid() []Spec {
	return []Spec{
		{Name: "pyramid-cookie", Framework: "Pyramid", Title: "signed cookie", Kind: InCookie, Packages: []string{"pyramid", "WebOb"},
			Command: gunicorn("pyramid_cookie:application"),
			Good:    "needs no store at all, and has an idle timeout built in."},
		{Name: "pyramid-beaker-file", Framework: "Pyramid", Title: "Beaker, file", Kind: InFile, Packages: []string{"Beaker", "pyramid_beaker"},
			Command: gunicorn("pyramid_beaker_file:application"),
			Good:    "many backends behind one interface, and file locks where two requests write one file."},
		{Name: "pyramid-sessnode", Framework: "Pyramid", Title: "**sessnode.pyramid**", Kind: InNodes,
			Command: gunicorn("pyramid_sessnode:application")},
		{Name: "pyramid-beaker-sessnode", Framework: "Pyramid", Title: "**sessnode.beaker**", Kind: InNodes,
			Command: gunicorn("pyramid_beaker_sessnode:application")},
	}
}

func golang() []Spec {
	return []Spec{
		{Name: "scs-memory", Framework: "Go", Title: "scs, memory", Kind: InMemory, Packages: []string{"github.com/alexedwards/scs/v2"},
			Command: goApp("scs-memory"),
			Good:    "the clearest session interface of Go, idle and absolute timeouts, and some twenty stores."},
		{Name: "scs-memory-idle", Framework: "Go", Title: "scs, memory, IdleTimeout", Kind: InMemory,
			Packages: []string{"github.com/alexedwards/scs/v2"}, Command: goApp("scs-memory-idle"),
			Good: "the same with `IdleTimeout` set, which writes the session after every request."},
		{Name: "scs-redis", Framework: "Go", Title: "scs, Redis", Kind: InRedis,
			Packages: []string{"github.com/alexedwards/scs/v2", "github.com/redis/go-redis/v9"}, Command: goApp("scs-redis"),
			Good: "the same interface over a server that many teams run anyway."},
		{Name: "gorilla-cookie", Framework: "Go", Title: "gorilla, cookie", Kind: InCookie, Packages: []string{"github.com/gorilla/sessions"},
			Command: goApp("gorilla-cookie"),
			Good:    "needs no store; signed and, with a second key, encrypted cookies."},
		{Name: "gorilla-redis", Framework: "Go", Title: "gorilla, Redis (redistore)", Kind: InRedis,
			Packages: []string{"github.com/gorilla/sessions", "github.com/boj/redistore"}, Command: goApp("gorilla-redis"),
			Good: "a small interface that is easy to implement; saves only when the handler says so."},
		{Name: "scs-sessnode", Framework: "Go", Title: "**scsstore**, IdleTimeout", Kind: InNodes, Command: goApp("scs-sessnode"),
			Cannot: map[string]string{"double-pop": "scs takes the value out of what the request has loaded, and no store hears of it before the handler has it"}},
		{Name: "gorilla-sessnode", Framework: "Go", Title: "**gorillastore**", Kind: InNodes, Command: goApp("gorilla-sessnode")},
		{Name: "sessionhttp", Framework: "Go", Title: "**sessionhttp**", Kind: InNodes, Command: goApp("sessionhttp")},
	}
}
