"""sessnode.pyramid, otherwise as it comes."""

from pyramidapp import make

application = make(include="sessnode.pyramid")
