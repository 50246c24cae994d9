"""What makes the sessions of an application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyramid.interfaces import ISessionFactory
from zope.interface import implementer

from sessnode.client import Client
from sessnode.codec import JSON_CODEC, Codec
from sessnode.crypto import Cipher
from sessnode.pyramid.session import SessnodeSession
from sessnode.record import MAX_SECONDS, Timeouts
from sessnode.request import Cookie, Outcome
from sessnode.settings import client_from
from sessnode.subject import DEFAULT_SUBJECT_FROM, SubjectFrom

SUBJECT_FROM: tuple[str, ...] = ("auth.userid", *DEFAULT_SUBJECT_FROM)
"""Pyramid's SessionAuthenticationHelper, and what core knows."""


@dataclass(frozen=True, slots=True)
class CookieOptions:
    """How the cookie looks. `secure` None = where the request came over HTTPS."""

    name: str
    max_age: int | None
    path: str
    domain: str | None
    secure: bool | None
    httponly: bool
    samesite: str | None

    def send(self, request: Any, response: Any, out: Outcome) -> bool:
        """Tells the browser what is certain, and returns whether there was anything to tell."""
        if out.cookie is Cookie.KEEP:
            return False
        secure = getattr(request, "scheme", "http") == "https" if self.secure is None else self.secure
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"  # no cache may hand this cookie to somebody else
        response.set_cookie(
            self.name,
            out.token if out.cookie is Cookie.SET else None,  # None takes it away
            max_age=self.max_age if out.cookie is Cookie.SET else None,
            path=self.path,
            domain=self.domain,
            secure=secure,
            httponly=self.httponly,
            samesite=self.samesite,
        )
        return True


@implementer(ISessionFactory)
class SessnodeSessionFactory:
    """Pyramid's ``session_factory``: sessions in a sessnode cluster.

    The parameters are those of Pyramid's own ``SignedCookieSessionFactory`` with the same meanings, but for what they do not need here
    (secret, hashalg, salt, reissue_time, serializer), for `httponly`, which is on, and `secure`, which follows the request. One factory serves
    a whole process; it opens nothing until a session is used.

    :param client: a :class:`sessnode.Client`; default one made of `nodes`, `app` and `key`, then of the environment (``SESSNODE_URL``, ...).
    :param timeout: seconds without activity after which a session ends; None = 400 days, the longest that a policy allows by default.
    :param lifetime: seconds after which it ends however active, counted from its begin or the last login; None = 400 days.
    :param max_age: seconds that the browser keeps the cookie; None = until it is closed.
    :param set_on_exception: False = a view that raised keeps nothing. A logout is kept, and an answer of 500 or above never keeps anything else.
    :param subject_from: the attributes that may say who is signed in.
    :param codec: how values are written; default JSON.
    :param cipher: a :class:`sessnode.crypto.Cipher`, for values that the store cannot read.
    """

    def __init__(
        self,
        client: Client | None = None,
        *,
        nodes: str | list[str] | None = None,
        app: str | None = None,
        key: str | None = None,
        cookie_name: str = "session",
        max_age: int | str | None = None,
        path: str = "/",
        domain: str | None = None,
        secure: bool | None = None,
        httponly: bool = True,
        samesite: str | None = "Lax",
        set_on_exception: bool = True,
        timeout: int | str | None = 1200,
        lifetime: int | str | None = None,
        subject_from: SubjectFrom = SUBJECT_FROM,
        codec: Codec = JSON_CODEC,
        cipher: Cipher | None = None,
    ) -> None:
        self.client = client or client_from({"NODES": nodes, "APP": app, "KEY": key})
        self.cookie = CookieOptions(cookie_name, _seconds(max_age), path, domain, secure, httponly, samesite)
        self.cookie_name = cookie_name
        self.timeouts = Timeouts(idle=_seconds(timeout) or MAX_SECONDS, lifetime=_seconds(lifetime) or MAX_SECONDS)
        self.set_on_exception, self.subject_from = set_on_exception, subject_from
        self.codec, self.cipher = codec, cipher

    def __call__(self, request: Any) -> SessnodeSession:
        return SessnodeSession(request, self)


def _seconds(value: int | str | None) -> int | None:
    return None if value is None else int(value)
