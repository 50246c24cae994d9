"""For production: `uvicorn readingroom.asgi:application`. The session middleware then awaits the store instead of holding a thread."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readingroom.settings")
application = get_asgi_application()
