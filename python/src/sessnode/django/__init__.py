"""Django's sessions in sessnode: ``SESSION_ENGINE = "sessnode.django"``.

:class:`SessionStore` is the engine; :class:`sessnode.django.middleware.SessnodeMiddleware` takes the place of Django's SessionMiddleware, so that
an outage is a 503 that leaves the cookie alone; in ``INSTALLED_APPS``, ``"sessnode.django"`` adds system checks and management commands.
``docs/how-to/django.md`` has the settings and what changes.
"""

from sessnode.django.store import SessionStore

__all__ = ["SessionStore"]
