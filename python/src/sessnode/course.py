"""The course of one call over the nodes: who is asked next, for how long, and what an answer means.

It does no I/O: it yields what is to be done, a :class:`Try` or a :class:`Pause`, and is sent what came of it. The client over sockets and
the one for asyncio drive the same course.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sessnode.errors import BY_CODE, Full, Invalid, NotFound, SessnodeError, Unavailable, Unknown
from sessnode.nodes import History, Ring
from sessnode.wire import Call, Reply

T = TypeVar("T")

TRIES_IN_DEADLINE = 3  # how many nodes that hang a call can outlive: each try gets that part of the whole time
LEAST_TRY = 0.05  # the shortest try whose failure says something about the node rather than about the caller's patience
LEAST_SENT = 0.001  # below which nothing is sent any more: no node could answer in it
BACKOFF, MAX_BACKOFF = 0.05, 1.0  # pause after all nodes were asked once; doubles
OVERLOAD = "overload"  # the reason of a node that has too much to do
MAX_ANSWER = 64 << 20  # bytes that are read of an answer

_position = re.compile(r"[0-9a-z]{1,13}-[0-9a-z]{1,13}")


@dataclass(frozen=True, slots=True)
class Try:
    """Ask one node, and send back the :class:`Reply` or what :class:`Broke`."""

    base: str
    call: Call[Any]
    headers: dict[str, str] = field(repr=False)  # the token, the API key
    seconds: float


@dataclass(frozen=True, slots=True)
class Broke:
    """A try without an answer."""

    detail: str  # in words of our own: the texts of libraries quote what the other side sent
    sent: bool = True  # some of the request may have left


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait that many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a try brought nothing, where another one may."""

    detail: str
    sent: bool = False  # the change may have been made
    reason: str = ""
    retry_after: float = 0.0
    last: SessnodeError | None = None  # a refusal that says nothing of the tries before it


def course(call: Call[T], ring: Ring, history: History, timeout: float, key: str) -> Generator[Try | Pause, Reply | Broke | None, T]:
    """Tries one node after the other until one answers for good, or `timeout` seconds are over.

    Raises the store's refusal; :class:`Unavailable` where the call was certainly not made; :class:`Unknown` where it may have been.
    """
    if call.fault is not None:
        raise call.fault
    end = time.monotonic() + timeout
    share = max(timeout / TRIES_IN_DEADLINE, LEAST_TRY)
    tour = ring.round()
    ring.budget.earn()
    doubt, backed = False, 0.0
    told = last = unsent = _Failure("there was no time left for a try")
    while (left := end - time.monotonic()) >= LEAST_SENT:
        node = tour.pick(time.monotonic())
        if node is None:
            backed = min(max(2 * backed, BACKOFF), MAX_BACKOFF)
            wait = max(backed * (0.5 + random.random() / 2), last.retry_after * (1 + random.random() / 2))
            if wait >= left:
                break
            yield Pause(wait)
            tour.again()
            continue
        allotted = min(share, left)
        finished = False
        try:
            got = yield Try(node.base, call, _headers(call, allotted, key), allotted)
            try:
                result = _judge(call, node.base, got, history, key)
            except SessnodeError:
                node.success()
                finished = True
                raise
            finished = True
        finally:
            if not finished:  # the caller went away: cancelled, or a signal
                node.abandon()
        if not isinstance(result, _Failure):
            node.success()
            return result
        if result.last is not None:
            node.success()
            if not doubt:
                raise result.last
            told = result
            break
        if allotted < LEAST_TRY or result.reason == OVERLOAD:
            node.abandon()  # one that has too much to do is well, and will take calls again as soon as there are fewer
        else:
            node.failure(time.monotonic(), result.retry_after)
        doubt, last = doubt or result.sent, result
        if result.reason or told is unsent or (not told.reason and allotted == share):  # a try that was cut short explains less
            told = result
        # Calls that end sessions are tried again all the same, and so are those whose fate is not known.
        if result.reason == OVERLOAD and not doubt and call.method != "DELETE" and not ring.budget.spend():
            break
    kind = Unknown if doubt else Unavailable
    raise kind(told.detail, op=call.op, app=call.app, reason=told.reason, retry_after=told.retry_after)


def _headers(call: Call[Any], allotted: float, key: str) -> dict[str, str]:
    """The node gets a little less time than the try, so that its own answer, which knows more than a timeout, arrives first."""
    headers = {"User-Agent": "sessnode-python", "Accept": "application/json", **call.headers}
    headers["Session-Timeout"] = f"{min(allotted * 0.9, 30):.3f}"
    if call.body:
        headers["Content-Type"] = "application/json"
    if key:
        headers["Authorization"] = "Bearer " + key
    if call.operation:
        headers["Idempotency-Key"] = call.operation
    return headers


def _judge(call: Call[T], base: str, got: Reply | Broke | None, history: History, key: str) -> T | _Failure:
    """What an answer means. Only what a node of this cluster says counts: anything else that speaks HTTP may answer 404 to everything."""
    if not isinstance(got, Reply):
        broke = got or Broke("no answer")
        return _Failure(f"{base}: {broke.detail}", sent=broke.sent and call.changes)
    stranger = _Failure(f"{base}: status {got.status} of something that is no sessnode", sent=call.changes)
    generation = got.headers.get("session-generation", "")
    if got.status < 300 or got.status == 304:
        if not _position.fullmatch(got.headers.get("session-index", "")):
            return stranger
        if not history.believe(generation) and not call.changes:
            return _other_life(base)
        try:
            return call.parse(got)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            unread = Unknown if call.changes else Unavailable  # what the others would say is the same, and this node is well
            raise unread(f"{base}: the answer makes no sense: is this a sessnode of a version that fits?", op=call.op, app=call.app) from None
    problem = _problem(got)
    if problem is None:
        return stranger
    kind = BY_CODE.get(str(problem.get("code", "")))
    if kind is None:
        kind = Unknown if problem.get("outcome") != "not_done" else Unavailable if got.status >= 500 else Invalid
    retry_after = _wait(problem.get("retry_after")) or _wait(got.headers.get("retry-after"))
    reason = str(problem.get("reason") or "")
    detail = scrub(str(problem.get("detail") or ""), *call.secrets, key)
    if kind is Unavailable:
        return _Failure(f"{base}: {detail}", reason=reason, retry_after=retry_after)
    if kind is Unknown:
        return _Failure(f"{base}: {detail}", sent=call.changes, reason=reason, retry_after=retry_after)
    if kind is NotFound and not history.believe(generation):
        return _other_life(base)
    refusal = kind(detail, op=call.op, app=call.app, reason=reason, retry_after=retry_after)
    if kind is Full and reason == "disk":  # refused before anybody looked whether an earlier try was made
        return _Failure(f"{base}: {detail}", reason=reason, retry_after=retry_after, last=refusal)
    raise refusal


def _wait(text: object) -> float:
    """Seconds that are asked for; 0 for what is none, or for ever."""
    try:
        seconds = float(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0.0
    return seconds if 0 < seconds < 1e6 else 0.0


def _other_life(base: str) -> _Failure:
    return _Failure(f"{base}: the node belongs to another life of the cluster", reason="generation")


def _problem(got: Reply) -> dict[str, Any] | None:
    if got.headers.get("content-type", "").split(";")[0].strip() != "application/problem+json":
        return None
    try:
        problem = json.loads(got.body)
    except (ValueError, RecursionError):
        return None
    return problem if isinstance(problem, dict) and problem.get("code") else None


def scrub(text: str, *secrets: str) -> str:
    """Makes a text of the other side fit for an error: one line, not long, without the secrets of this request."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[secret]")
    text = "".join(" " if ord(c) < 32 or ord(c) == 127 else c for c in text)
    return text if len(text) <= 500 else text[:500] + "..."
