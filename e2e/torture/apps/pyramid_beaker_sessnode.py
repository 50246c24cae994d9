"""sessnode.beaker in the place of pyramid_beaker, otherwise as it comes."""

import os

from pyramidapp import make

application = make(include="sessnode.beaker.pyramid", settings={"session.url": os.environ["SESSNODE_URL"]})
