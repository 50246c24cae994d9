"""Moving sessions in from other stores, so that nobody is signed out: what writes the lines that ``sessnode import`` reads.

    python -m sessnode.moving redis --from flask-session --url redis://127.0.0.1:6379/0 --app web -o sessions.jsonl
    sessnode import sessions.jsonl --app web

The format is described in ``docs/reference/import-format.md``. Lines name a session by the key of its token, unless tokens are asked for: such a file
would sign whoever reads it in as everybody. Nothing is unpickled, because unpickling runs what the data says, unless the dump is said to be trusted.
"""

from sessnode.moving.lines import Exported, Writer, open_private

__all__ = ["Exported", "Writer", "open_private"]
