"""sessnode: the login sessions of web applications, kept by three or five nodes that survive the loss of any minority.

Most applications need one of the adapters and nothing of this module: :mod:`sessnode.flask`, :mod:`sessnode.flask_session`,
:mod:`sessnode.django`, :mod:`sessnode.pyramid`, :mod:`sessnode.beaker`.
"""

from sessnode import errors
from sessnode.aio import AsyncClient
from sessnode.client import Client
from sessnode.errors import SessnodeError
from sessnode.record import Device, Ended, Session, Timeouts, Value
from sessnode.tokens import new_token

__version__ = "0.1.0"

__all__ = ["AsyncClient", "Client", "Device", "Ended", "Session", "SessnodeError", "Timeouts", "Value", "errors", "new_token"]
