"""Django's cache sessions in Redis, with Django's own Redis backend."""

import os

from django.core.wsgi import get_wsgi_application

from djangoapp import configure

configure(
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["TORTURE_REDIS"]}},
)
application = get_wsgi_application()
