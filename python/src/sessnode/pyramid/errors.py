"""What a visitor gets when the store cannot answer, in place of a stack trace. The cookie is left alone: nobody is signed out by an outage."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPConflict, HTTPError, HTTPInternalServerError, HTTPServiceUnavailable
from pyramid.request import Request

from sessnode.errors import SessnodeError, retry_after_of, status_of, text_of

log = logging.getLogger("sessnode.pyramid")

# Of the response that gives way, what describes its body or lets it be kept.
_ENTITY = ("content-", "etag", "last-modified", "location", "cache-control", "expires", "transfer-encoding", "accept-ranges", "retry-after")


class SessionUnavailable(HTTPServiceUnavailable):  # type: ignore[misc]
    """The store could not answer, does not know what came of a change, or is full: 503 with ``Retry-After``.

    Reading the session raises it. Pyramid turns it into a response by itself; an exception view of this class gives it a page of your own.
    `error` is what the client raised.
    """

    error: SessnodeError


class SessionLimit(HTTPConflict):  # type: ignore[misc]
    """The app's policy allows this subject no more sessions: 409. `error` is what the client raised."""

    error: SessnodeError


class SessionFailed(HTTPInternalServerError):  # type: ignore[misc]
    """What only the application or its operator can mend, such as an API key that was refused: 500. `error` is what the client raised."""

    error: SessnodeError


def exception_for(err: SessnodeError) -> HTTPError:
    """The exception, and response, that stands for an error of the store. The log gets what the visitor is not told."""
    status = status_of(err)
    log.log(logging.WARNING if status == 503 else logging.ERROR, "session: %s", err)
    headers = [("Cache-Control", "no-store")]
    kind: type[SessionUnavailable | SessionLimit | SessionFailed] = SessionFailed
    if status == 503:
        kind = SessionUnavailable
        headers.append(("Retry-After", retry_after_of(err)))
    elif status == 409:
        kind = SessionLimit
    exception = kind(detail=text_of(err), headers=headers)
    exception.error = err
    return exception


def give_way(response: Any, err: SessnodeError) -> None:
    """Makes a response that was ready into the one for an error. Pyramid's response callbacks can only change it in place."""
    instead = exception_for(err)
    close = getattr(response.app_iter, "close", None)
    if close is not None:
        close()
    response.headerlist = [(name, value) for name, value in response.headerlist if not name.lower().startswith(_ENTITY)]
    response.status = instead.status
    response.content_type = "text/plain"
    response.charset = "UTF-8"
    response.text = text_of(err) + "\n"
    for name in ("Cache-Control", "Retry-After"):
        if name in instead.headers:
            response.headers[name] = instead.headers[name]


def tween_factory(handler: Callable[[Request], Any], registry: Any) -> Callable[[Request], Any]:
    """A tween, the outermost, for errors of the store that no exception view took: also those of calls that a view makes by itself."""

    def tween(request: Request) -> Any:
        try:
            return handler(request)
        except (SessionUnavailable, SessionLimit, SessionFailed) as response:
            return response
        except SessnodeError as err:
            return exception_for(err)

    return tween
