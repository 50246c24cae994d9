"""What a visitor gets while the session cannot be used: an answer that says so, and a cookie that stays what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response
from flask.typing import ResponseReturnValue

from sessnode.errors import SessnodeError, retry_after_of, status_of, text_of

OnError = Callable[[SessnodeError], ResponseReturnValue]


def plain(err: SessnodeError) -> ResponseReturnValue:
    """The default page: one sentence that tells nothing of the store's inner life."""
    return text_of(err) + "\n", {"Content-Type": "text/plain; charset=utf-8"}


def answer(app: Flask, on_error: OnError, err: SessnodeError) -> Response:
    """The response that takes the place of the application's. Its status is decided here, whatever the page says.

    What only the developer or the operator can mend (a value that cannot be stored, an API key that the nodes refuse) is raised under
    a debugger or a test, and logged otherwise.
    """
    status = status_of(err)
    if status == 500:
        if app.debug or app.testing:
            raise err
        app.logger.error("the session could not be used: %s", err)
    try:
        page = app.make_response(on_error(err))
    except Exception:  # the page looked into the session, say; the visitor still gets an answer
        app.logger.exception("the page for a session that cannot be used failed itself")
        page = app.make_response(plain(err))
    page.status_code = status
    page.headers["Cache-Control"] = "no-store"
    if status == 503 and "Retry-After" not in page.headers:
        page.headers["Retry-After"] = retry_after_of(err)
    return page


def give_way(response: Any, page: Response) -> None:
    """Turns a response that was finished into another one. Nothing of it has left yet."""
    close = getattr(response.response, "close", None)
    if close is not None:
        close()
    response.headers.clear()
    response.headers.extend(page.headers)
    response.status = page.status
    response.direct_passthrough = False
    response.response = page.response
