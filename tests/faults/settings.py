"""The product's own settings with short waits, so that faults are over in seconds; apps.py does the rest."""

from typing import Any

from botocore.config import Config

from config.settings import *  # noqa: F403
from config.settings import DATABASES, INSTALLED_APPS, STORAGES
from tests.faults import LEASES

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PROCESS_LEASE_SECONDS, PUBLISH_LEASE_SECONDS = LEASES["PROCESS_LEASE_SECONDS"], LEASES["PUBLISH_LEASE_SECONDS"]
READ_SECONDS = 1.5
LOCK_SECONDS = 5

of_sqlite: Any = DATABASES["default"].get("OPTIONS", {})
if "timeout" in of_sqlite:
    pragmas = of_sqlite["init_command"].replace("=20000", f"={LOCK_SECONDS}000")
    of_sqlite |= {"timeout": LOCK_SECONDS, "init_command": pragmas}

for alias in ("work", "published"):
    storage: Any = STORAGES[alias]
    options = storage["OPTIONS"]
    options["client_config"] = options["client_config"].merge(Config(connect_timeout=1, read_timeout=READ_SECONDS))
