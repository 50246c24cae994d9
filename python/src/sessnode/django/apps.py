"""``"sessnode.django"`` in ``INSTALLED_APPS``: system checks and management commands. The engine works without it."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks


class SessnodeConfig(AppConfig):
    """Reached in code as ``apps.get_app_config("sessnode")``."""

    name = "sessnode.django"
    label = "sessnode"
    verbose_name = "sessnode"

    def ready(self) -> None:
        from sessnode.django import checks as ours

        checks.register(ours.check_settings, checks.Tags.security)
        checks.register(ours.check_policy, checks.Tags.security, deploy=True)
