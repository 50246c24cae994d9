"""sessnode.flask, otherwise as it comes."""

from sessnode.flask import Sessnode

from flaskapp import app

Sessnode(app)
