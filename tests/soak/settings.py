"""The product's own settings; each answer says how long the server was at it, and apps.py does the rest."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as APPS
from config.settings import MIDDLEWARE as OURS

INSTALLED_APPS = [*APPS, "tests.soak"]
MIDDLEWARE = ["tests.soak.apps.timed", *OURS]
