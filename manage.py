#!/usr/bin/env python
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from pipeline import tether

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if supervisor := os.environ.pop("SUPERVISOR", None):
        tether.to(int(supervisor))
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Bad setting: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
