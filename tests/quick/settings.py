"""The product's own settings; a hash that is slow to guess is slow to make, and apps.py does the rest."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as APPS

INSTALLED_APPS = [*APPS, "tests.quick"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
