"""Flask's sessions in a sessnode cluster.

::

    from sessnode.flask import Sessnode
    Sessnode(app)

``flask.session`` stays what it was to the views. What changes for the people in front of them: parallel requests lose no change, a logout is
a logout on every server at once, and while the store cannot answer nobody is signed out. ``docs/how-to/flask.md`` has the settings.
"""

from sessnode.flask.codec import TaggedJSON
from sessnode.flask.extension import Sessnode
from sessnode.flask.interface import SessnodeInterface
from sessnode.flask.session import SessnodeSession

__all__ = ["Sessnode", "SessnodeInterface", "SessnodeSession", "TaggedJSON"]
