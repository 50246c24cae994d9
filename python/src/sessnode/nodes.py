"""The nodes of the cluster, and how each has been doing. Any node answers anything, so calls go round."""

from __future__ import annotations

import random
import threading
import time

THRESHOLD = 3  # failures in a row after which a node is left alone
WAIT = 0.5  # seconds for how long at first; doubles with each failed probe
MAX_WAIT = 10.0


class Node:
    """One address, with a breaker: closed at first, open after three failures in a row, and one probe at a time when its time is over.

    It never has the last word: when all nodes are left alone, a call goes to the one whose time is over first. Safe under threads.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self.reset()

    def reset(self) -> None:
        """Forgets everything. After a fork the lock may be held by a thread that does not exist any more."""
        self._lock = threading.Lock()
        self._failures = 0
        self._wait = 0.0
        self._until = 0.0  # 0 while closed
        self._probing = False

    def allow(self, now: float) -> bool:
        """Whether a call may go there; it counts as the probe where one is due, and ends with success, failure or abandon."""
        with self._lock:
            if self._until == 0:
                return True
            if now < self._until or self._probing:
                return False
            self._probing = True
            return True

    @property
    def reopens(self) -> float:
        return self._until

    def success(self) -> None:
        if self._failures == 0 and self._until == 0:  # the usual case needs no lock
            return
        with self._lock:
            self._failures, self._wait, self._until, self._probing = 0, 0.0, 0.0, False

    def failure(self, now: float, retry_after: float) -> None:
        with self._lock:
            self._failures += 1
            self._probing = False
            if self._failures < THRESHOLD:
                return
            self._wait = min(max(2 * self._wait, WAIT), MAX_WAIT)
            pause = max(self._wait, min(retry_after, MAX_WAIT))
            self._until = now + pause * (1 + random.random() / 2)

    def abandon(self) -> None:
        """Gives a probe back that was given up before the node could show anything."""
        with self._lock:
            self._probing = False


class Budget:
    """Bounds the further tries after nodes that refused because they have too much to do; without it a client would send several times as much
    just then. A call earns a tenth of a further try, and ten can be saved up. Under threads a race costs or grants a try, nothing else.
    """

    EACH = 0.1
    MOST = 10.0

    def __init__(self) -> None:
        self._left = self.MOST

    def earn(self) -> None:
        self._left = min(self._left + self.EACH, self.MOST)

    def spend(self) -> bool:
        """Whether there may be one more."""
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Ring:
    """All nodes. Each call begins at the next one, the first at a random one."""

    def __init__(self, bases: list[str]) -> None:
        self.nodes = [Node(base) for base in bases]
        self.budget = Budget()
        self._next = random.randrange(len(bases))

    def reset(self) -> None:
        self._next = random.randrange(len(self.nodes))  # the children of one process must not all ask the same node
        for node in self.nodes:
            node.reset()

    def round(self) -> Round:
        self._next += 1  # a race between threads costs an uneven round, nothing else
        return Round(self.nodes, self._next)


class Round:
    """The order in which one call asks the nodes: each once, then again after a pause."""

    def __init__(self, nodes: list[Node], start: int) -> None:
        self._nodes, self._start = nodes, start
        self._asked: set[Node] = set()

    def pick(self, now: float) -> Node | None:
        """The next node: the first that was not asked yet and is not left alone; none = the round is over."""
        soonest: Node | None = None
        count = len(self._nodes)
        for i in range(count):
            node = self._nodes[(self._start + i) % count]
            if node in self._asked:
                continue
            if node.allow(now):
                self._asked.add(node)
                return node
            if soonest is None or node.reopens < soonest.reopens:
                soonest = node
        if self._asked or soonest is None:
            return None
        self._asked.add(soonest)
        return soonest

    def again(self) -> None:
        self._start += 1
        self._asked.clear()


class History:
    """What a client has seen of the cluster's lives. Safe under threads.

    It keeps "the session does not exist" honest: a node that was restored from an old backup, or that belongs to another cluster by a
    mistake in a URL, would say it of everyone's session. Its answers count as unavailable until no node has told the old story for
    30 seconds.
    """

    SETTLE = 30.0

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._lock = threading.Lock()
        self._seen = ""
        self._rival = ""
        self._since = 0.0

    def believe(self, generation: str, now: float | None = None) -> bool:
        """Whether an answer out of a generation may be believed."""
        if not generation:
            return False
        if generation == self._seen and not self._rival:
            return True
        now = time.monotonic() if now is None else now
        with self._lock:
            if not self._seen:
                self._seen = generation
            elif generation == self._seen:
                self._rival = ""
            elif generation != self._rival:
                self._rival, self._since = generation, now
                return False
            elif now - self._since < self.SETTLE:
                return False
            else:
                self._seen, self._rival = generation, ""
            return True
