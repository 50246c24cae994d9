"""What the fake store remembers, and how it answers. See :mod:`sessnode.testing`."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sessnode import fakerules as rules
from sessnode import wire
from sessnode.fakerules import Refused, invalid
from sessnode.record import JSON, Value
from sessnode.tokens import key_of, valid
from sessnode.wire import Call, Reply

SLACK = 5.0  # seconds on top of an idle timeout and its touch resolution
WINDOW = timedelta(minutes=5)  # for which an operation id is remembered
MAX_PREVIOUS = 16

_tag = re.compile(r'"1-([1-9a-z][0-9a-z]*)"')


@dataclass
class Kept:
    """A session."""

    id: str
    app: str
    key: str
    subject: str
    created: datetime
    touched: datetime
    authenticated: datetime | None = None
    version: int = 1
    idle: float = 0.0
    lifetime: float = 0.0
    expires: datetime | None = None
    device: dict[str, str] = field(default_factory=dict)
    attrs: dict[str, Value] = field(default_factory=dict)
    previous: dict[str, datetime] = field(default_factory=dict)  # keys that were rotated away: answer until when
    unused: bool = False  # the present key was not used yet


@dataclass
class AppState:
    policy: dict[str, Any] = field(default_factory=rules.default_policy)
    declared: bool = False
    sessions: dict[str, Kept] = field(default_factory=dict)  # by id
    keys: dict[str, str] = field(default_factory=dict)  # key, current or previous, to id
    ended: dict[str, tuple[str, datetime]] = field(default_factory=dict)  # key to the reason, remembered until when
    log: list[tuple[dict[str, Any], datetime]] = field(default_factory=list)

    def span(self, name: str) -> timedelta:
        return timedelta(seconds=self.policy[name])


class FakeNode:
    """One node without a cluster. Not safe for concurrent use."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._apps: dict[str, AppState] = {}
        self._operations: dict[tuple[str, str, str], tuple[Any, Reply, datetime]] = {}
        self._index = 1

    def count(self) -> int:
        for app in self._apps.values():
            self._pass(app)
        return sum(len(app.sessions) for app in self._apps.values())

    def answer(self, call: Call[Any], headers: dict[str, str]) -> Reply:
        """Answers one request. A repeated change gets its first answer."""
        name = (call.app, headers.get("Session-Token", ""), call.operation)
        digest = (call.method, call.path, call.body, headers.get("If-Match"))
        known = self._operations.get(name) if call.operation else None
        if known is not None and self.now < known[2] and known[0] == digest:
            return known[1]
        try:
            if known is not None and self.now < known[2]:
                raise Refused(409, "conflict", "operation_reused")
            status, body, s = self._route(call, headers)
            if call.method == "GET" and s and headers.get("If-None-Match") == self._etag(s):
                status, body = 304, b""
            reply = Reply(status, {**self._headers(s), "content-type": "application/json"}, body)
        except Refused as no:
            problem = {"code": no.code, "status": no.status, "reason": no.reason, "detail": no.detail, "outcome": "not_done"}
            reply = Reply(no.status, {**self._headers(), "content-type": "application/problem+json"}, json.dumps(problem).encode())
        if call.operation and known is None:
            self._operations[name] = (digest, reply, self.now + WINDOW)
        return reply

    def _headers(self, s: Kept | None = None) -> dict[str, str]:
        self._index += 1
        headers = {"session-index": f"1-{self._index:x}", "session-generation": "1", "etag": self._etag(s) if s else ""}
        if s:
            idle, end = self._deadlines(self._apps[s.app], s)
            headers.update({"session-idle-deadline": wire.instant(idle), "session-end": wire.instant(end)})
        return headers

    def _route(self, call: Call[Any], headers: dict[str, str]) -> tuple[int, bytes, Kept | None]:
        url = urlsplit(call.path)
        query = {name: found[0] for name, found in parse_qs(url.query, keep_blank_values=True).items()}
        app = self._apps.setdefault(call.app, AppState())
        self._pass(app)
        level = headers.get("Session-Consistency", "linearizable")
        if level not in ("linearizable", "local") and not re.fullmatch(r"bounded=\d+(\.\d+)?", level):
            raise invalid("Session-Consistency is linearizable, bounded=SECONDS or local")
        match call.method, [unquote(part) for part in url.path.split("/")[4:]]:
            case "POST", ["sessions"]:
                return self._create(call, app)
            case method, ["session", *rest]:
                return self._session(app, call, f"{method} {'/'.join(rest)}".strip(), headers, query)
            case method, ["subjects", subject, *rest]:
                return 200, self._subject(app, method, rules.check_subject(subject), query, export=not rest), None
            case method, ["sessions", *id]:
                return self._by_id(app, method, "/".join(id))
            case "GET", ["why"]:
                if len(query) != 1 or not all(query.values()):
                    raise invalid("ask with ?id= or with ?subject=")
                ((by, who),) = query.items()
                (rules.check_id if by == "id" else rules.check_subject)(who)
                return 200, json.dumps({"ended": self._ended(app, by, who)}).encode(), None
            case "PUT", []:
                body, _ = rules.body_of(call.body, "policy")
                app.policy, app.declared = rules.policy_of(body), True
                return 200, self._app(call.app, app), None
            case "GET", []:
                return 200, self._app(call.app, app), None
            case "DELETE", []:
                ended = self._end_all(app, list(app.sessions.values()))
                app.policy, app.declared = rules.default_policy(), False
                return 200, ended, None
        raise invalid("the fake store does not know this route")

    def _subject(self, app: AppState, method: str, subject: str, query: dict[str, str], export: bool) -> bytes:
        found = sorted((s for s in app.sessions.values() if s.subject == subject and subject), key=lambda s: s.created)
        if method == "DELETE":
            kept = rules.check_id(query["except"]) if "except" in query else ""
            return self._end_all(app, [s for s in found if s.id != kept])
        listed = ",".join(self._text(app, s, attrs=export) for s in found)
        head = json.dumps({"subject": subject, "ended": self._ended(app, "subject", subject)})[:-1] + "," if export else "{"
        return f'{head}"sessions":[{listed}]}}'.encode()

    def _by_id(self, app: AppState, method: str, id: str) -> tuple[int, bytes, Kept | None]:
        s = app.sessions.get(id)
        if not s:
            ended = self._ended(app, "id", id)
            raise Refused(404, "not_found", ended[0]["reason"] if ended else "")
        if method == "DELETE":
            self._end(app, s, "revoked")
            return 204, b"", None
        return 200, self._text(app, s, attrs=True).encode(), s

    def _ended(self, app: AppState, by: str, who: str) -> list[dict[str, Any]]:
        return [entry for entry, until in reversed(app.log) if entry[by] == who and self.now < until]

    def _app(self, name: str, app: AppState) -> bytes:
        anonymous = sum(not s.subject for s in app.sessions.values())
        told = {"name": name, "declared": app.declared, "policy": rules.told(app.policy), "sessions": len(app.sessions), "anonymous": anonymous}
        return json.dumps({**told, "bytes": sum(rules.size_of(s.attrs) for s in app.sessions.values())}).encode()

    # -- one session

    def _create(self, call: Call[Any], app: AppState) -> tuple[int, bytes, Kept]:
        body, texts = rules.body_of(call.body, "create")
        subject = rules.check_subject(body.get("subject", ""))
        token = body.get("token", "")
        edit = {**body, "set": body.get("attrs", {})}
        self._long_enough(app, token)
        key = self._free(app, token)
        s = Kept(secrets.token_urlsafe(16), call.app, key, subject, self.now, self.now, self.now if subject else None)
        self._change(app, s, edit, {**texts, "set": texts.get("attrs", "{}")})
        victims = self._over_limit(app, subject)
        if not subject and app.policy["anonymous_quota"]:
            visitors = sorted((o for o in app.sessions.values() if not o.subject), key=lambda o: self._enforced(app, o))
            victims = visitors[: max(0, len(visitors) - app.policy["anonymous_quota"] + 1)]
        self._give_way(app, victims)
        app.sessions[s.id], app.keys[key] = s, s.id
        return 201, self._text(app, s).encode(), s

    def _session(
        self, app: AppState, call: Call[Any], what: str, headers: dict[str, str], query: dict[str, str]
    ) -> tuple[int, bytes, Kept | None]:  # fmt: skip
        wanted = self._wanted(headers.get("If-Match", "*"))
        key = key_of(headers["Session-Token"])
        s = app.sessions.get(app.keys.get(key, ""))
        if s and key != s.key and self.now >= s.previous[key]:
            s = None
        if what == "DELETE":
            if s:
                self._end(app, s, "revoked")
            elif key not in app.keys:
                app.ended.setdefault(key, ("revoked", self.now + app.span("tombstone_time")))
            return 204, b"", None
        if not s:
            raise Refused(404, "not_found", self._reason(app, key))
        kinds = {"PATCH": "patch", "POST touch": "touch", "POST pop": "pop", "POST rotate": "rotate", "GET": "touch"}
        if what not in kinds:
            raise invalid("the fake store does not know this route")
        body, texts = rules.body_of(call.body, kinds[what])
        if what == "POST rotate" and key != s.key:
            raise Refused(409, "conflict", "rotated")
        if wanted not in (0, s.version):
            raise Refused(412, "precondition_failed")
        if what == "GET":
            if query.get("touch") != "false":
                self._active(app, s, key)
            text = self._text(app, s, attrs=True)
            return 200, (text if key == s.key else text[:-1] + ',"previous":true}').encode(), s
        extra = ""
        if what == "POST rotate":
            self._rotate(app, s, body, texts)
        elif what == "POST pop":
            rules.check_names(body["names"])
            taken = {name: s.attrs.pop(name) for name in body["names"] if name in s.attrs}
            s.version += bool(taken)
            extra = "," + _values("values", taken)
        else:
            self._change(app, s, body, texts)
            s.version += what == "PATCH" or bool(body)
            if body.get("incr"):
                extra = "," + _values("values", {name: s.attrs[name] for name in body["incr"]})
        self._active(app, s, key)
        return 200, (self._text(app, s)[:-1] + extra + "}").encode(), s

    @staticmethod
    def _wanted(text: str) -> int:
        """The version that If-Match names; 0 = any. One that was never given out matches none."""
        if text == "*":
            return 0
        if not re.fullmatch(r'(W/)?"[^"]*"', text):
            raise invalid("If-Match is * or the one ETag of the state that it means")
        found = _tag.fullmatch(text)
        return int(found[1], 36) if found else -1

    def _rotate(self, app: AppState, s: Kept, body: dict[str, Any], texts: dict[str, str]) -> None:
        subject = rules.check_subject(body.get("subject", s.subject))
        self._long_enough(app, body.get("token", ""))
        fresh = self._free(app, body["token"])
        binds = subject != s.subject
        victims = self._over_limit(app, subject) if binds else []
        self._change(app, s, body, texts)
        self._give_way(app, victims)
        final = binds or body.get("reauth", False)
        if subject and final:
            s.authenticated = self.now
        self._first_use(app, s)
        for key, until in list(s.previous.items()):
            if self.now >= until or (not final and len(s.previous) >= MAX_PREVIOUS):
                self._forget(app, s, key)
            elif final:
                s.previous[key] = self.now
        s.previous[s.key] = self.now if final else self.now + app.span("rotation_max")
        s.subject, s.key, s.unused = subject, fresh, not final
        s.version += 1
        app.keys[fresh] = s.id

    def _forget(self, app: AppState, s: Kept, key: str) -> None:
        """An old token that shares nothing with the session any more."""
        del s.previous[key], app.keys[key]
        app.ended[key] = ("rotated", self.now + app.span("tombstone_time"))

    def _active(self, app: AppState, s: Kept, key: str) -> None:
        s.touched = self.now
        if key == s.key:
            self._first_use(app, s)

    def _first_use(self, app: AppState, s: Kept) -> None:
        """The grace of the old tokens ends a while after the present one was used for the first time."""
        if s.unused:
            s.unused = False
            s.previous = {key: min(until, self.now + app.span("rotation_grace")) for key, until in s.previous.items()}

    def _change(self, app: AppState, s: Kept, body: dict[str, Any], texts: dict[str, str]) -> None:
        attrs = rules.values_of(texts.get("set", "{}"), body.get("raw", {}))
        unset, incr = body.get("unset", []), body.get("incr", {})
        rules.check_names([*attrs, *unset, *incr])
        if any(name in attrs for name in (*unset, *incr)) or any(name in incr for name in unset):
            raise invalid("an attribute is in two of set, raw, unset and incr")
        attrs = {**s.attrs, **attrs}
        for name in unset:
            attrs.pop(name, None)
        for name, by in incr.items():
            attrs[name] = rules.incremented(attrs.get(name, Value(JSON, b"0")), by)
        idle = rules.seconds_of(body["idle"]) if "idle" in body else s.idle
        lifetime = rules.seconds_of(body["lifetime"]) if "lifetime" in body else s.lifetime
        expires = rules.moment_of(body["expires"]) if "expires" in body else s.expires
        rules.check_size(app.policy, attrs, s.attrs)
        s.attrs, s.idle, s.lifetime, s.expires = attrs, idle, lifetime, expires
        s.device = rules.device_of(body["device"]) if "device" in body else s.device

    @staticmethod
    def _long_enough(app: AppState, token: str) -> None:
        if not valid(token, app.policy["min_token_length"]):
            raise invalid(f"a token has at least {app.policy['min_token_length']} and at most 256 visible ASCII characters")

    def _free(self, app: AppState, token: str) -> str:
        key = key_of(token)
        s = app.sessions.get(app.keys.get(key, ""))
        if s:
            raise Refused(409, "conflict", "taken" if s.key == key else "rotated")
        if reason := self._reason(app, key):
            raise Refused(409, "conflict", reason)
        return key

    def _reason(self, app: AppState, key: str) -> str:
        if key in app.keys:
            return "rotated"
        reason, until = app.ended.get(key, ("", self.now))
        return reason if self.now < until else ""

    def _over_limit(self, app: AppState, subject: str) -> list[Kept]:
        """Refuses one session too many of a subject, or lists those that must give way: who signed in first."""
        limit = app.policy["subject_limit"]
        mine = sorted((s for s in app.sessions.values() if s.subject == subject), key=lambda s: s.authenticated or s.created)
        if not subject or not limit or len(mine) < limit:
            return []
        if app.policy["on_limit"] == "reject":
            raise Refused(409, "limit", "subject_limit")
        return mine[: len(mine) - limit + 1]

    def _give_way(self, app: AppState, victims: list[Kept]) -> None:
        for victim in victims:
            self._end(app, victim, "evicted")

    # -- time and end

    def _deadlines(self, app: AppState, s: Kept) -> tuple[datetime, datetime]:
        policy = app.policy
        idle = s.idle or (policy["anonymous_idle"] if not s.subject else 0) or policy["idle"]
        lifetime = s.lifetime or (policy["max_lifetime"] if s.expires else policy["lifetime"])
        begin = max(s.created, s.authenticated or s.created)
        end = begin + timedelta(seconds=min(lifetime, policy["max_lifetime"]))
        return s.touched + timedelta(seconds=min(idle, policy["max_idle"])), min(end, s.expires) if s.expires else end

    def _enforced(self, app: AppState, s: Kept) -> datetime:
        idle, end = self._deadlines(app, s)
        resolution = app.policy["touch_resolution"] or min(max(1.0, (idle - s.touched).total_seconds() / 30), 60.0)
        return min(end, idle + timedelta(seconds=resolution + SLACK))

    def _pass(self, app: AppState) -> None:
        for s in list(app.sessions.values()):
            if self.now >= self._enforced(app, s):
                self._end(app, s, "expired")

    def _end(self, app: AppState, s: Kept, reason: str) -> None:
        del app.sessions[s.id]
        until = self.now + app.span("tombstone_time")
        for key in (s.key, *s.previous):
            app.keys.pop(key, None)
            app.ended[key] = (reason, until)
        at = wire.instant(self.now)
        entry = {"id": s.id, "subject": s.subject, "reason": reason, "actor": "", "node": "memory", "at": at, "index": self._index}
        app.log.append((entry, until))

    def _end_all(self, app: AppState, sessions: list[Kept]) -> bytes:
        for s in sessions:
            self._end(app, s, "revoked")
        return json.dumps({"ended": len(sessions)}).encode()

    # -- writing

    def _etag(self, s: Kept) -> str:
        return f'"1-{_base36(s.version)}"'

    def _text(self, app: AppState, s: Kept, attrs: bool = False) -> str:
        idle, end = self._deadlines(app, s)
        head: dict[str, Any] = {
            "id": s.id, "app": s.app, "subject": s.subject, "version": s.version, "created": wire.instant(s.created),
            "touched": wire.instant(s.touched), "idle_deadline": wire.instant(idle), "end": wire.instant(end), "device": s.device,
            "authenticated": s.authenticated and wire.instant(s.authenticated), "expires": s.expires and wire.instant(s.expires),
            "idle": wire.seconds(s.idle) if s.idle else None, "lifetime": wire.seconds(s.lifetime) if s.lifetime else None,
        }  # fmt: skip
        text = json.dumps({name: value for name, value in head.items() if value not in (None, "", {})})
        return text[:-1] + ("," + _values("attrs", s.attrs) if attrs else "") + "}"


def _values(plain: str, attrs: dict[str, Value]) -> str:
    inside, raw = wire.values(attrs)
    return f'"{plain}":{inside or "{}"}' + (f',"raw":{raw}' if raw else "")


def _base36(n: int) -> str:
    digits = ""
    while n:
        n, rest = divmod(n, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits
