"""One client under gevent's monkey patching."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_greenlets_share_a_client() -> None:
    story = Path(__file__).with_name("gevent_story.py")
    done = subprocess.run([sys.executable, str(story)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "told\n"), done.stderr
