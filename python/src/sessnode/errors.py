"""What the store may answer instead of a session, and what each lets you conclude.

The names and codes are those of every other surface of sessnode (``docs/reference/errors.md``). Two of them never mean that
somebody is signed out: :class:`Unavailable` and :class:`Unknown`.
"""

from __future__ import annotations

import math


class SessnodeError(Exception):
    """Any error of sessnode. Catch a subclass.

    :ivar reason: refines the code where the node gave one (``"expired"``, ``"revoked"``, ``"rotated"``, ...), else empty. Treat one that
        you do not know like none.
    :ivar detail: what happened, for a person. It never holds a token or an API key.
    :ivar retry_after: seconds that the node asks to wait; 0 = it did not say.
    """

    code = ""
    summary = "error of sessnode"

    def __init__(self, detail: str = "", *, op: str = "", app: str = "", reason: str = "", retry_after: float = 0.0) -> None:
        self.detail, self.op, self.app, self.reason, self.retry_after = detail, op, app, reason, retry_after
        head = " ".join(part for part in (op, app) if part)
        text = f"{head}: {self.summary}" if head else self.summary
        if reason:
            text += f" ({reason})"
        if detail:
            text += f": {detail}"
        super().__init__(text)


class NotFound(SessnodeError):
    """The store is certain that no live session has this token: it never existed, expired, was revoked, or was rotated away.

    The request is anonymous. Only for the reason ``"rotated"`` must the cookie be left alone.
    """

    code, summary = "not_found", "session not found"


class Conflict(SessnodeError):
    """Refused because of what is stored: a token that is taken, a value that is no integer. Nothing was changed."""

    code, summary = "conflict", "conflict with the stored state"


class Limit(SessnodeError):
    """The app's policy allows no more sessions of this subject, or no more anonymous ones. A retry will not help."""

    code, summary = "limit", "limit of the app's policy reached"


class PreconditionFailed(SessnodeError):
    """``if_match`` did not hold. Nothing was changed: read, then decide."""

    code, summary = "precondition_failed", "precondition failed"


class TooLarge(SessnodeError):
    """The request, or the session that it would make, exceeds a documented size. Nothing was changed."""

    code, summary = "too_large", "too large"


class Invalid(SessnodeError):
    """The request cannot be understood as written. Nothing was changed."""

    code, summary = "invalid", "invalid request"


class Unserializable(Invalid):
    """An attribute of the session cannot be written with its codec, or is no text where a name is asked for. Nothing was sent."""

    summary = "value cannot be stored"


class UnknownApp(SessnodeError):
    """The nodes run with strict apps, and this app was never declared. Nothing was changed."""

    code, summary = "unknown_app", "app was never declared"


class Unauthorized(SessnodeError):
    """No valid API key came with the request."""

    code, summary = "unauthorized", "API key missing or unknown"


class Forbidden(SessnodeError):
    """The API key is valid, but its role does not cover this request."""

    code, summary = "forbidden", "API key does not allow this"


class Unavailable(SessnodeError):
    """The store could not answer, usually because no leader is elected.

    It says nothing about the session: never sign anybody out. A change that gets it was certainly not made.
    """

    code, summary = "unavailable", "session store unavailable"


class Unknown(SessnodeError):
    """A change was sent, but its fate is not known: it may have been made, or may yet be."""

    code, summary = "unknown", "outcome unknown"


class Full(SessnodeError):
    """The store's memory, or (reason ``"disk"``) its disks, are used up. Ending and touching sessions still work."""

    code, summary = "full", "session store full"


class Gone(SessnodeError):
    """A cursor points at history that is no longer kept: start again."""

    code, summary = "gone", "position no longer available"


class Undecipherable(SessnodeError):
    """An encrypted attribute cannot be read with the keys given. The session is there: sign nobody out, mend the keys."""

    code, summary = "undecipherable", "encrypted value cannot be read"


BY_CODE: dict[str, type[SessnodeError]] = {
    kind.code: kind
    for kind in (
        NotFound, Conflict, Limit, PreconditionFailed, TooLarge, Invalid, UnknownApp,
        Unauthorized, Forbidden, Unavailable, Unknown, Full, Gone,
    )
}  # fmt: skip

PASSING = (Unavailable, Unknown, Full)
"""The errors after which a later try may succeed: an adapter answers 503 and leaves the cookie alone."""


def status_of(err: SessnodeError) -> int:
    """The HTTP status of a response that gives way to an error of the store.

    503 where the store cannot answer, does not know the outcome or is full; 409 where the policy allows the subject no more sessions; else
    500, for what only the application or its operator can mend.
    """
    if isinstance(err, PASSING):
        return 503
    return 409 if isinstance(err, Limit) else 500


def retry_after_of(err: SessnodeError) -> str:
    """The value of ``Retry-After`` for a 503: whole seconds, at least one; 2, about an election, where the store did not say."""
    return str(max(1, math.ceil(err.retry_after or 2.0)))


def text_of(err: SessnodeError) -> str:
    """A sentence for the visitor. It tells nothing of the store's inner life."""
    status = status_of(err)
    if status == 503:
        return "The session store cannot answer just now. You have not been signed out: please try again in a moment."
    if status == 409:
        return "You are signed in at too many places already: sign out somewhere first."
    return "This went wrong on our side. You have not been signed out."
