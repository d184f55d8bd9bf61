"""The product's own settings; each answer says how long the server was at it, and apps.py does the rest.

SOAK=small is for the test of the command: decisions can be taken back for a short while, and pictures are small.
"""

import os

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as APPS
from config.settings import MIDDLEWARE as OURS
from config.settings import UNDO_SECONDS as SECONDS

INSTALLED_APPS = [*APPS, "tests.soak"]
MIDDLEWARE = ["tests.soak.apps.timed", *OURS]
UNDO_SECONDS = 3 if os.environ.get("SOAK") == "small" else SECONDS
