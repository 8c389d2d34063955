"""The project as an app: it carries roles, login pages and template words."""

from django.apps import AppConfig


class TrinityConfig(AppConfig):
    """Groups and permissions are applied after each migrate (``trinity.roles``)."""

    name = "trinity"
    verbose_name = "Trinity"
