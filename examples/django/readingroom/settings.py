"""What a Django project has to say. The lines about sessions are the first three."""

import os
from pathlib import Path

SESSION_ENGINE = "sessnode.django"  # was: "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "sessnode"  # the same in all examples, so that they share one login
SESSNODE = {}  # the nodes are those of SESSNODE_URL, or of three-nodes.sh; the app is "web"

MIDDLEWARE = [
    "sessnode.django.middleware.SessnodeMiddleware",  # was: "django.contrib.sessions.middleware.SessionMiddleware"
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
MESSAGE_STORAGE = "sessnode.django.messages.SessionStorage"
INSTALLED_APPS = ["sessnode.django", "django.contrib.messages", "readingroom"]

SECRET_KEY = os.environ.get("SECRET_KEY", "only for trying things out")  # sessions are not signed with it: there is nothing in the cookie
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "readingroom.views"
WSGI_APPLICATION = "readingroom.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request", "django.contrib.messages.context_processors.messages"]},
    }
]
