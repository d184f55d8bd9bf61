"""What the web process serves: `manage.py web`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from accounts.checks import refuse_demo_passwords  # noqa: E402 - the apps are loaded now

refuse_demo_passwords()
