"""sessnode.django, otherwise as it comes. With TORTURE_ASYNC it is served by ASGI."""

import os

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

from djangoapp import configure

configure(SESSION_ENGINE="sessnode.django", SESSION_MIDDLEWARE="sessnode.django.middleware.SessnodeMiddleware")
application = get_asgi_application() if os.environ.get("TORTURE_ASYNC") else get_wsgi_application()
