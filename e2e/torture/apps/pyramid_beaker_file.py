"""pyramid_beaker with files, otherwise as it comes."""

import os

from pyramidapp import make

application = make(
    include="pyramid_beaker",
    settings={
        "session.type": "file",
        "session.data_dir": os.environ["TORTURE_DIR"],
        "session.secret": "only for trials",
    },
)
