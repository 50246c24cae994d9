"""Beaker's tests of backends, with ``type = sessnode``."""

from . import base


class TestSessnode(base.CacheManagerBaseTests):
    CACHE_ARGS = {"type": "sessnode", "data_serializer": "json"}
