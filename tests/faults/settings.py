"""The product's own settings with short waits, so that faults are over in seconds; apps.py does the rest."""

from typing import Any

from botocore.config import Config

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS, STORAGES

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults"]
PROCESS_LEASE_SECONDS = 4
PUBLISH_LEASE_SECONDS = 8
READ_SECONDS = 2

for alias in ("work", "published"):
    storage: Any = STORAGES[alias]
    options = storage["OPTIONS"]
    options["client_config"] = options["client_config"].merge(Config(connect_timeout=1, read_timeout=READ_SECONDS))
