"""The calls of the API, built once for both clients."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote as percent

from sessnode import wire
from sessnode.errors import Invalid, NotFound, SessnodeError
from sessnode.record import Device, Ended, Session, Timeouts, Value
from sessnode.tokens import valid
from sessnode.wire import Call, Reply

NO_TIMEOUTS = Timeouts()


class Calls:
    """Builds the calls about one app."""

    def __init__(self, app: str) -> None:
        self.app = app

    # -- one session, by its token

    def create(self, token: str, subject: str, attrs: Mapping[str, Value], device: Device | None, timeouts: Timeouts) -> Call[Session]:
        def body() -> bytes:
            plain, raw = wire.values(attrs)
            return wire.object_of(
                attrs=plain, raw=raw, subject=wire.quote(subject) if subject else None,
                device=wire.device(device), token=wire.quote(token), **wire.timeouts(timeouts),
            )  # fmt: skip

        return self._with_body(self._change("create", "POST", "/sessions", wire.parse_session, secrets=(token,)), body)

    def read(self, token: str, touch: bool, level: str = "") -> Call[Session]:
        call = self._about("read", "GET", "" if touch else "?touch=false", token, wire.parse_session)
        return self._with_header(call, "Session-Consistency", level)

    def patch(
        self, token: str, set: Mapping[str, Value], unset: Iterable[str], incr: Mapping[str, int], timeouts: Timeouts, if_match: str
    ) -> Call[Session]:
        call = self._about("patch", "PATCH", "", token, wire.parse_session, if_match)
        return self._with_body(call, lambda: wire.object_of(**_edit(set, unset, incr, timeouts)))

    def rotate(
        self, token: str, new: str, subject: str | None, reauth: bool, set: Mapping[str, Value], unset: Iterable[str],
        device: Device | None, timeouts: Timeouts, if_match: str,
    ) -> Call[Session]:  # fmt: skip
        call = self._about("rotate", "POST", "/rotate", token, wire.parse_session, if_match)
        call.secrets = (token, new)
        return self._with_body(
            call,
            lambda: wire.object_of(
                **_edit(set, unset, {}, timeouts), token=wire.quote(new), device=wire.device(device),
                subject=None if subject is None else wire.quote(subject), reauth="true" if reauth else None,
            ),
        )  # fmt: skip

    def pop(self, token: str, names: Iterable[str]) -> Call[Session]:
        call = self._about("pop", "POST", "/pop", token, wire.parse_session)
        return self._with_body(call, lambda: wire.object_of(names=wire.names(names) or "[]"))

    def touch(self, token: str, timeouts: Timeouts) -> Call[Session]:
        call = self._about("touch", "POST", "/touch", token, wire.parse_session)
        return self._with_body(call, lambda: wire.object_of(**wire.timeouts(timeouts)))

    def revoke(self, token: str) -> Call[None]:
        return self._about("revoke", "DELETE", "", token, _nothing)

    # -- the sessions of a subject, and by id

    def subject_sessions(self, subject: str) -> Call[list[Session]]:
        return self._call("list", "GET", f"/subjects/{_segment(subject)}/sessions", wire.list_of("sessions"))

    def revoke_subject(self, subject: str, except_id: str) -> Call[int]:
        query = f"?except={percent(except_id, safe='')}" if except_id else ""
        return self._change("revoke", "DELETE", f"/subjects/{_segment(subject)}/sessions{query}", _ended_count)

    def export_subject(self, subject: str) -> Call[list[Session]]:
        return self._call("export", "GET", f"/subjects/{_segment(subject)}", wire.list_of("sessions"))

    def why(self, id: str, subject: str) -> Call[list[Ended]]:
        query = f"id={percent(id, safe='')}" if id else f"subject={percent(subject, safe='')}"
        call = self._call("why", "GET", f"/why?{query}", _ended_list)
        if bool(id) == bool(subject):
            call.fault = Invalid("ask by an id or by a subject", op="why", app=self.app)
        return call

    def read_id(self, id: str) -> Call[Session]:
        return self._call("read", "GET", f"/sessions/{_segment(id)}", wire.parse_session)

    def revoke_id(self, id: str) -> Call[None]:
        return self._change("revoke", "DELETE", f"/sessions/{_segment(id)}", _nothing)

    # -- the app

    def policy(self) -> Call[dict[str, Any]]:
        return self._call("app", "GET", "", _object)

    def put_policy(self, fields: Mapping[str, Any]) -> Call[dict[str, Any]]:
        call = self._change("policy", "PUT", "", _object)
        return self._with_body(call, lambda: json.dumps(dict(fields)).encode())

    def drop_app(self) -> Call[int]:
        return self._change("drop", "DELETE", "", _ended_count)

    # -- building

    def _call(self, op: str, method: str, path: str, parse: Any, secrets: tuple[str, ...] = ()) -> Call[Any]:
        return Call(op=op, app=self.app, method=method, path=f"/v1/apps/{self.app}{path}", parse=parse, secrets=secrets)

    def _change(self, op: str, method: str, path: str, parse: Any, secrets: tuple[str, ...] = ()) -> Call[Any]:
        call = self._call(op, method, path, parse, secrets)
        call.operation = os.urandom(16).hex()
        return call

    def _about(self, op: str, method: str, path: str, token: str, parse: Any, if_match: str = "") -> Call[Any]:
        """A call about the session that a token opens. A text that no session can have as its token names none for certain."""
        build = self._call if method == "GET" else self._change
        call = build(op, method, f"/session{path}", parse, (token,))
        if not valid(token):
            call.fault = NotFound(op=op, app=self.app)
            return call
        call.headers["Session-Token"] = token
        return self._with_header(call, "If-Match", if_match)

    def _with_header(self, call: Call[Any], name: str, text: str) -> Call[Any]:
        """A header whose text comes from outside. A line end in it would begin another header."""
        if text and not all(" " <= c <= "~" for c in text):
            call.fault = call.fault or Invalid(f"{name} has other characters than visible ASCII", op=call.op, app=self.app)
        elif text:
            call.headers[name] = text
        return call

    def _with_body(self, call: Call[Any], body: Any) -> Call[Any]:
        if call.fault is None:
            try:
                call.body = body()
            except SessnodeError as err:
                call.fault = type(err)(err.detail, op=call.op, app=self.app)
            except (TypeError, ValueError, OverflowError, RecursionError) as err:
                call.fault = Invalid(f"{type(err).__name__} while the request was written", op=call.op, app=self.app)
        return call


def _edit(set: Mapping[str, Value], unset: Iterable[str], incr: Mapping[str, int], timeouts: Timeouts) -> dict[str, str | None]:
    plain, raw = wire.values(set)
    numbers = "{" + ",".join(f"{wire.quote(name)}:{int(n)}" for name, n in incr.items()) + "}" if incr else None
    return {"set": plain, "raw": raw, "unset": wire.names(unset), "incr": numbers, **wire.timeouts(timeouts)}


def _segment(text: str) -> str:
    """One path segment. Dots are encoded where they alone would be taken for a step in the tree."""
    return text.replace(".", "%2E") if text in (".", "..") else percent(text, safe="")


def _nothing(_: Reply) -> None:
    return None


def _object(reply: Reply) -> dict[str, Any]:
    found = json.loads(reply.body)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _ended_count(reply: Reply) -> int:
    return int(_object(reply)["ended"])


def _ended_list(reply: Reply) -> list[Ended]:
    return [
        Ended(e.get("id", ""), e.get("subject", ""), e["reason"], e.get("actor", ""), e.get("node", ""), wire.parse_instant(e["at"]))
        for e in _object(reply)["ended"]
    ]
