"""Django's database sessions (its default) on SQLite. Run as a program, it makes the table."""

import os

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

from djangoapp import configure

configure(
    SESSION_ENGINE="django.contrib.sessions.backends.db",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["TORTURE_DIR"] + "/db.sqlite3",
            # what Django's documentation advises for SQLite in production
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
        }
    },
)
application = get_wsgi_application()

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
