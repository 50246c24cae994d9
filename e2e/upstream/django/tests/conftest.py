"""Points Django's own tests at sessnode. They are not changed: this file stands in for Django's `runtests.py`, which pytest does not know, and
`sessions_tests/test_sessnode.py` names the engine."""

import atexit
import os
import sys

import django
from django.conf import settings

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

settings.configure(
    SECRET_KEY="django_tests_secret_key",
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
        "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
    },
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sites",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.admin.apps.SimpleAdminConfig",
        "django.contrib.staticfiles",
        "auth_tests",
        "sessions_tests",
    ],
    MIDDLEWARE=[
        "sessnode.django.middleware.SessnodeMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [os.path.join(HERE, "templates")],
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.debug",
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    SESSION_ENGINE="sessnode.django",
    MIGRATION_MODULES={"auth": None, "contenttypes": None, "sessions": None, "admin": None, "sites": None},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    LANGUAGE_CODE="en",
    SITE_ID=1,
    STATIC_URL="static/",
    ROOT_URLCONF="urls",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=False,
)
django.setup()

from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

setup_test_environment()
old_config = setup_databases(verbosity=0, interactive=False)
atexit.register(teardown_databases, old_config, verbosity=0)
