"""Shadow mode: the old store goes on answering, ours is written beside it, and what differs is reported."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin

from sessnode.client import Client
from sessnode.codec import Codec
from sessnode.errors import SessnodeError, Unserializable
from sessnode.record import MAX_SECONDS, Timeouts, Value
from sessnode.request import RequestSession

log = logging.getLogger("sessnode.shadow")


class Shadow(SessionInterface):
    """Wraps one of Flask-Session's interfaces: ``app.session_interface = Shadow(app.session_interface, client, codec)``.

    People see the old store only. After each response that stores, the same values go to ours under the same session id; before that, what ours
    has is compared with what the old one had given this request. Differences go to the logger ``sessnode.shadow``, by name and never by
    value, and into :attr:`counts`: ``same``, ``differs``, ``missing``, ``failed``. Some are the old store's own: where parallel
    requests overwrite each other there, ours keeps both changes. Whatever goes wrong with ours is logged and nothing else; give the client
    a short timeout, because the requests wait for it. Sessions are not bound to subjects; moving over does that at the next login.
    """

    def __init__(self, primary: Any, client: Client, codec: Codec) -> None:
        if not hasattr(primary, "_retrieve_session_data"):
            raise ValueError("shadow mode needs sessions with an id: one of Flask-Session's interfaces")
        self.primary, self.counts = primary, Counter[str]()
        self._client, self._codec = client, codec

    def __getattr__(self, name: str) -> Any:  # regenerate and whatever else the application calls
        return getattr(self.primary, name)

    def open_session(self, app: Flask, request: Request) -> Any:
        session = self.primary.open_session(app, request)
        if session is not None:
            session.sessnode_found = (session.sid, self._encoded(dict(session)))
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        self.primary.save_session(app, session, response)
        try:
            self._mirror(app, session)
        except SessnodeError as err:
            self.counts["failed"] += 1
            log.warning("the shadow failed: %s", err)

    def _mirror(self, app: Flask, session: Any) -> None:
        found_sid, found = session.sessnode_found
        known = RequestSession(self._client, session.sid, codec=self._codec, subject_from=(), new_token=lambda: str(session.sid))
        ours = self._encoded(self._client.run(known.load()))
        if session.sid == found_sid and set(found) - {"_permanent"}:
            self._compare(known, found, ours)
        if not session:
            if session.modified:
                self._client.run(known.revoke())
            return
        data = {name: value for name, value in session.items() if name in self._encoded(dict(session))}
        timeouts = Timeouts(idle=app.permanent_session_lifetime.total_seconds(), lifetime=MAX_SECONDS)
        self._client.run(known.commit(data, timeouts=timeouts))
        if found_sid != session.sid:
            self._client.revoke(found_sid)  # regenerated: the old store has dropped that id as well

    def _compare(self, known: RequestSession, found: Mapping[str, Value], ours: Mapping[str, Value]) -> None:
        if known.record is None:
            self.counts["missing"] += 1
            log.info("a session of the old store is not in the shadow yet")
            return
        names = sorted(name for name in {*found, *ours} if found.get(name) != ours.get(name))
        self.counts["differs" if names else "same"] += 1
        if names:
            log.warning("session %s differs from the old store's in %s", known.record.id, ", ".join(map(repr, names)))

    def _encoded(self, data: Mapping[str, Any]) -> dict[str, Value]:
        out = {}
        for name, value in data.items():
            try:
                out[name] = self._codec.encode(name, value)
            except Unserializable as err:
                self.counts["failed"] += 1
                log.warning("the shadow leaves an attribute out: %s", err)
        return out
