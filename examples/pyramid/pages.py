"""The pages. Pyramid brings no templates of its own; an application would take Jinja2, Mako or Chameleon."""

from html import escape

STYLE = """
:root { color-scheme: light dark; --accent: light-dark(#2f5d50, #8fcfb8); --line: light-dark(#ddd8cf, #363a37); --card: light-dark(#fff, #1f2120);
  --tint: light-dark(#e2f2e8, #1c3527); --bad: light-dark(#8c1d18, #ffb9b1); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 36rem; padding: 2rem 1.25rem; font: 100%/1.55 system-ui, sans-serif; background: light-dark(#f4f2ee, #161716); }
main { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.75rem; }
h1 { margin: 0 0 1rem; font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
label { display: block; margin: 1rem 0 .35rem; font-weight: 600; }
input:not([type=hidden]) { display: block; width: 100%; padding: .7rem .8rem; font: inherit; border: 1px solid #858b86; border-radius: 10px; }
button { margin-top: 1.25rem; padding: .6rem 1.1rem; font: inherit; font-weight: 600; border: 1px solid var(--accent); border-radius: 10px;
  background: var(--accent); color: light-dark(#fff, #10231c); cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.flash { margin: 0 0 1rem; padding: .7rem 1rem; border-radius: 10px; background: var(--tint); }
.wrong { color: var(--bad); font-weight: 600; }
footer { margin-top: 1.5rem; text-align: center; font-size: .9rem; }
"""


def home_page(user: str, visits: int, messages: list[str], csrf_token: str) -> str:
    return _page(
        "Welcome back",
        f"""<h1>Welcome back, {escape(user)}!</h1>
<p>Visits in this session: <strong>{visits}</strong></p>
<form method="post" action="/logout">{_hidden(csrf_token)}<button type="submit">Sign out</button></form>""",
        messages,
    )


def login_page(messages: list[str], csrf_token: str, name: str = "", wrong: bool = False) -> str:
    complaint = '<p class="wrong" role="alert" id="wrong">Wrong name or password.</p>' if wrong else ""
    return _page(
        "Error: Sign in" if wrong else "Sign in",
        f"""<h1>Sign in</h1>
{complaint}
<form method="post" action="/login">{_hidden(csrf_token)}
<label for="username">Name</label>
<input id="username" name="username" value="{escape(name)}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Sign in</button>
</form>
<p>Try it as <b>ada</b> or <b>grace</b>, password <b>demo</b>.</p>""",
        messages,
    )


def wait_page() -> str:
    return _page(
        "One moment, please",
        """<h1>One moment, please</h1>
<p role="status">The store cannot answer just now. You have not been signed out, and this page tries again by itself.</p>""",
    )


def _hidden(csrf_token: str) -> str:
    return f'<input type="hidden" name="csrf_token" value="{escape(csrf_token)}">'


def _page(title: str, body: str, messages: list[str] | None = None) -> str:
    flashes = "".join(f'<p class="flash" role="status">{escape(message)}</p>' for message in messages or ())
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Reading Room</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<main>
{flashes}{body}
</main>
<footer>Sessions kept by <strong>sessnode</strong>: stop a node, and you stay signed in.</footer>
</body>
</html>
"""
