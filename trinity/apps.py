"""The project as an app: it carries roles, login pages and template words."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string
from django_structlog.signals import bind_extra_request_finished_metadata

from kernel.grants import give_after_migrate
from ledger import facts
from notices.outbox import kinds
from trinity import inactivity, ledger_rows
from trinity.celery import app as celery_app  # every Django process nudges through this one
from trinity.form_words import say_it_our_way
from trinity.logs import say_who
from trinity.roles import ROLES, apply_roles

__all__ = ["TrinityConfig", "celery_app"]


class TrinityConfig(AppConfig):
    """Groups and permissions are applied after each migrate (``trinity.roles``)."""

    name = "trinity"
    verbose_name = "Trinity"

    def ready(self) -> None:
        """Apply the roles after each migrate; say what an audit entry about a person carries."""
        say_it_our_way()
        post_migrate.connect(apply_roles, dispatch_uid="trinity.roles")
        # Once, by any app that has models: all of them are migrated by then.
        auth = apps.get_app_config("auth")
        post_migrate.connect(give_after_migrate, sender=auth, dispatch_uid="kernel.grants")
        user_logged_in.connect(inactivity.begin, dispatch_uid="trinity.inactivity")
        bind_extra_request_finished_metadata.connect(say_who, dispatch_uid="trinity.logs")
        ledger_rows.declare()
        # These look at models, which are loaded only now.
        kinds.register(*import_string("trinity.people.mails.KINDS"))
        facts.allow(
            "audit",
            {
                "role": facts.one_of(ROLES),
                "old_role": facts.one_of({*ROLES, "none"}),
                "guards_restored": facts.COUNT,
                "sessions_ended": facts.COUNT,
                "second_factors_removed": facts.COUNT,
            },
        )
