"""The project as an app: it carries roles, login pages and template words."""

from django.apps import AppConfig

from trinity.celery import app as celery_app  # every Django process nudges through this one

__all__ = ["TrinityConfig", "celery_app"]


class TrinityConfig(AppConfig):
    """Groups and permissions are applied after each migrate (``trinity.roles``)."""

    name = "trinity"
    verbose_name = "Trinity"
