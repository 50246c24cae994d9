"""Takes the place of ``django.contrib.sessions.middleware.SessionMiddleware`` in ``MIDDLEWARE``."""

from __future__ import annotations

import logging
import time

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template import TemplateDoesNotExist, loader
from django.utils.cache import patch_vary_headers
from django.utils.http import http_date

from sessnode.django.store import SessionStore
from sessnode.errors import PASSING, SessnodeError, retry_after_of, status_of, text_of
from sessnode.record import Device

log = logging.getLogger("sessnode.django")


class SessnodeMiddleware(SessionMiddleware):
    """Django's SessionMiddleware, with three differences that only a middleware can make:

    - While the store cannot answer, a page that needs the session is 503 with ``Retry-After``, the cookie is left alone, and the visitor sees no
      stack trace. Whatever answered in its place is replaced, if it is an error (500 and above).
    - The cookie changes only for what is certain: a response to a request with an old key, which a parallel request has rotated away, sets and
      clears none. Nor is a young cookie sent again with the same key: it might arrive after that of a login.
    - Under ASGI it awaits the store instead of holding a thread.

    A template ``503.html`` is its page, as ``404.html`` is Django's; or override :meth:`refusal`.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        session = request.session
        if isinstance(session, SessionStore):
            session.managed = True
            session.device = Device(ip=request.META.get("REMOTE_ADDR", ""), user_agent=request.META.get("HTTP_USER_AGENT", ""))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """What a view lets through."""
        session = getattr(request, "session", None)
        if isinstance(exception, SessnodeError) and (isinstance(exception, PASSING) or exception is getattr(session, "failure", None)):
            return self._give_way(request, exception)
        return None

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        self.process_request(request)  # no I/O
        response = await self.get_response(request)
        session = getattr(request, "session", None)
        if not isinstance(session, SessionStore) or not hasattr(session, "aget_expiry_age"):  # Django before 5.1
            return await sync_to_async(self.process_response)(request, response)
        stopped = self._stopped(request, response, session)
        if stopped is not None:
            return self._tell_new_key(request, stopped, session)
        saved = False
        age: int | None = None
        if self._due(response, session):
            try:
                age = None if await session.aget_expire_at_browser_close() else await session.aget_expiry_age()
                await session.asave()
                saved = True
            except UpdateError as err:
                saved = self._dropped(request, err)
            except SessnodeError as err:
                return self._tell_new_key(request, self._give_way(request, err), session)
        return self._stamp(request, response, session, saved, age)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        session = getattr(request, "session", None)
        if not isinstance(session, SessionStore):
            return super().process_response(request, response)
        stopped = self._stopped(request, response, session)
        if stopped is not None:
            return self._tell_new_key(request, stopped, session)
        saved = False
        age: int | None = None
        if self._due(response, session):
            try:
                age = None if session.get_expire_at_browser_close() else session.get_expiry_age()
                session.save()
                saved = True
            except UpdateError as err:
                saved = self._dropped(request, err)
            except SessnodeError as err:
                return self._tell_new_key(request, self._give_way(request, err), session)
        return self._stamp(request, response, session, saved, age)

    def refusal(self, request: HttpRequest, error: SessnodeError) -> HttpResponseBase:
        """The response that tells a visitor that the store cannot answer (503), that the policy allows the user no more sessions (409), or that
        something is wrong on our side (500): the template ``503.html``, ``409.html`` or ``500.html`` where there is one, rendered without the
        request, since that has no session; else a sentence."""
        try:
            page = loader.get_template(f"{status_of(error)}.html").render({"message": text_of(error)})
        except TemplateDoesNotExist:
            pass
        else:
            return HttpResponse(page, status=status_of(error))
        return HttpResponse(text_of(error), status=status_of(error), content_type="text/plain; charset=utf-8")

    # -- parts

    def _due(self, response: HttpResponseBase, session: SessionStore) -> bool:
        if response.status_code >= 500 or (session.failure is not None and not hasattr(session, "_session_cache")):
            return False
        return (session.modified or settings.SESSION_SAVE_EVERY_REQUEST) and not session.is_empty()

    def _stopped(self, request: HttpRequest, response: HttpResponseBase, session: SessionStore) -> HttpResponseBase | None:
        if session.failure is None or response.status_code < 500:
            return None
        return response if getattr(response, "_sessnode_refusal", False) else self._give_way(request, session.failure)

    def _give_way(self, request: HttpRequest, error: SessnodeError) -> HttpResponseBase:
        log.log(logging.WARNING if isinstance(error, PASSING) else logging.ERROR, "%s %s: %s", request.method, request.path, error)
        response = self.refusal(request, error)
        if response.status_code == 503 and not response.has_header("Retry-After"):
            response.headers["Retry-After"] = retry_after_of(error)
        response.headers["Cache-Control"] = "no-store"
        patch_vary_headers(response, ("Cookie",))
        response._sessnode_refusal = True
        return response

    def _dropped(self, request: HttpRequest, err: UpdateError) -> bool:
        """Nothing was saved, since the session was gone. Raises SessionInterrupted, Django's answer to that, unless the session lives under a
        newer key: who clicks twice on "sign in" is to see no error."""
        if getattr(err.__cause__, "reason", "") != "rotated":
            raise interrupted() from err
        log.debug("%s %s: a parallel request rotated the key: changes dropped", request.method, request.path)
        return False

    def _stamp(self, request: HttpRequest, response: HttpResponseBase, session: SessionStore, saved: bool, age: int | None) -> HttpResponseBase:
        """Says what is certain about the cookie."""
        name, brought = settings.SESSION_COOKIE_NAME, request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if session.accessed or saved:
            patch_vary_headers(response, ("Cookie",))
        if session.keeps_cookie:
            return response
        if saved and session.session_key is not None:
            if session.session_key == brought and not session.cookie_due(age):
                return response
            self._set_cookie(response, session.session_key, age)
            if session.session_key != brought:
                response.headers.setdefault("Cache-Control", "no-store")  # ASVS 14.3.2: nobody else may get this cookie out of a cache
        elif response.status_code >= 500 and not session.is_empty():
            return self._tell_new_key(request, response, session)
        elif brought is not None and (saved or session.is_empty()):
            response.delete_cookie(
                name, path=settings.SESSION_COOKIE_PATH, domain=settings.SESSION_COOKIE_DOMAIN, samesite=settings.SESSION_COOKIE_SAMESITE
            )
            patch_vary_headers(response, ("Cookie",))
        return response

    def _set_cookie(self, response: HttpResponseBase, key: str, age: int | None) -> None:
        response.set_cookie(
            settings.SESSION_COOKIE_NAME, key, max_age=age, expires=None if age is None else http_date(time.time() + age),
            domain=settings.SESSION_COOKIE_DOMAIN, path=settings.SESSION_COOKIE_PATH, secure=settings.SESSION_COOKIE_SECURE or False,
            httponly=settings.SESSION_COOKIE_HTTPONLY or False, samesite=settings.SESSION_COOKIE_SAMESITE,
        )  # fmt: skip

    def _tell_new_key(self, request: HttpRequest, response: HttpResponseBase, session: SessionStore) -> HttpResponseBase:
        """A key that the view's own save() gave the session is certain, whatever failed after it: the old one may be dead."""
        key = session.session_key
        if key is not None and session.is_stored and key != request.COOKIES.get(settings.SESSION_COOKIE_NAME):
            self._set_cookie(response, key, None if session.get_expire_at_browser_close() else session.get_expiry_age())  # from memory
            patch_vary_headers(response, ("Cookie",))
        return response


def interrupted() -> SessionInterrupted:
    """Django answers it with 400."""
    return SessionInterrupted(
        "The request's session was deleted before the request completed. The user may have logged out in a concurrent request, for example."
    )


__all__ = ["SessnodeMiddleware"]
