"""Points every Flask application of the suite at the store: a pytest plugin, so that Flask's own conftest.py stays what it is.

The class attribute is Flask's own place for another default (``flask.Flask.session_interface``).
"""

import flask

from sessnode.flask import SessnodeInterface
from sessnode.settings import client_from

_client = client_from({})
flask.Flask.session_interface = SessnodeInterface(_client)
