"""The WSGI application that granian serves, with the webhook's door ahead of Django."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trinity.settings")
_django = get_wsgi_application()

from revenue.webhooks import door  # noqa: E402  # apps must be loaded first

application = door(_django)  # type: ignore[arg-type]  # django-stubs know WSGI more narrowly
