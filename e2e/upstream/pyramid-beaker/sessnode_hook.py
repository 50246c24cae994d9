"""Points pyramid_beaker's tests at sessnode: the factories that they import are those of sessnode.beaker.pyramid."""

import pyramid_beaker
from sessnode.beaker import pyramid as ours

pyramid_beaker.BeakerSessionFactoryConfig = ours.BeakerSessionFactoryConfig
pyramid_beaker.session_factory_from_settings = ours.session_factory_from_settings
