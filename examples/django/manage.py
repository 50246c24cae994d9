"""The login app of the articles that sessnode began with, in Django: home, login, logout.

    ./scripts/three-nodes.sh                                                      # three nodes on this host
    $(./scripts/python.sh) examples/django/manage.py runserver --noreload 8483    # in another terminal: http://127.0.0.1:8483
"""

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readingroom.settings")

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
