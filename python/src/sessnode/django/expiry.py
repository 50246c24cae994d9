"""Django's rules of when a session and its cookie end, as the store's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

from sessnode.record import MAX_SECONDS, Session, Timeouts

SECOND = timedelta(seconds=1)


def rules(store: SessionBase, data: Mapping[str, Any], record: Session | None) -> tuple[Timeouts, bool]:
    """The timeouts of a session with these values, and whether they have to be sent even if nothing else changed.

    Django counts from the last save, so an end is sent with each. With SESSION_SAVE_EVERY_REQUEST it counts from the last request: that is
    the store's idle timeout, and costs no write. Either way the policy's own timeouts play no part, only its maxima.
    """
    expiry = data.get("_session_expiry")
    age: float = store.get_expiry_age(expiry=expiry)
    end: datetime = store.get_expiry_date(expiry=expiry)
    if isinstance(expiry, (str, datetime)):
        idle: float | None = MAX_SECONDS
    else:
        idle = min(float(age), MAX_SECONDS) if age > 0 else None
        if idle and settings.SESSION_SAVE_EVERY_REQUEST:
            if record is None or record.expires is None:
                return Timeouts(idle=idle, lifetime=MAX_SECONDS), record is not None and record.idle != idle
            end = timezone.now() + timedelta(seconds=MAX_SECONDS)  # it has an end, and ends cannot be taken away
    if end.tzinfo is None:
        end = end.astimezone()
    moved = record is not None and (record.expires is None or abs(end - record.expires) >= SECOND)
    return Timeouts(idle=idle, lifetime=MAX_SECONDS, expires=end), moved


def cookie_due(record: Session | None, age: int | None) -> bool:
    """Whether a cookie that the browser has should be sent again, so that it lives for `age` seconds from now (None = until the browser closes).

    An answer may arrive after that of a request that was later: of a login, or a logout and the next person's login, whose cookie it would
    replace. So a cookie is sent again only when a fourteenth of its life has passed since its key was made: from the second day on, by default.
    """
    if record is None:
        return True
    return age is not None and record.touched - (record.authenticated or record.created) >= timedelta(seconds=age / 14)
