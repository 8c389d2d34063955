"""Alerts are this app's from here on. Their table stays where it is, as it is.

Its name stays too, and with it all that hangs on it (docs/adr/0026): rows, sequence, keys, trigger,
grants, and what ledger entries name. Content type and permissions follow in revenue's 0040. The one
statement renames a constraint that holds one way: it says so.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import notices.kinds

MODES = [("live", "live"), ("test", "test"), ("sandbox", "sandbox"), ("sample", "sample")]
TOLD_AS = [("single", "a mail of its own"), ("digest", "a line of a digest")]
PERMISSIONS = [
    ("view_alert", "Can view alerts"),
    ("tend_alert", "Can dismiss, snooze and assign alerts"),
]
IFF, ONLY_IF = "operator_alert_dismissed_iff_closed", "operator_alert_dismissed_only_if_closed"


def rename(old, new):
    return f"ALTER TABLE revenue_operatoralert RENAME CONSTRAINT {old} TO {new}"


def person(**more):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        django.db.models.deletion.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        **more,
    )


ALERT = migrations.CreateModel(
    name="OperatorAlert",
    fields=[
        (
            "id",
            models.BigAutoField(
                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
        ("leased_by", models.IntegerField(blank=True, editable=False, null=True)),
        ("lease_token", models.PositiveBigIntegerField(default=0, editable=False)),
        ("reference", models.CharField(max_length=35, unique=True)),
        ("kind", models.CharField(choices=notices.kinds.choices, max_length=24)),
        (
            "item",
            models.CharField(help_text="What it is about; once per item.", max_length=320),
        ),
        ("subject", models.CharField(help_text="The reference a person opens.", max_length=255)),
        ("facts", models.JSONField(default=dict)),
        ("mode", models.CharField(choices=MODES, editable=False, max_length=8)),
        ("raised_at", models.DateTimeField()),
        ("told_at", models.DateTimeField(blank=True, null=True)),
        ("told_as", models.CharField(blank=True, choices=TOLD_AS, default="", max_length=8)),
        ("attempts", models.PositiveSmallIntegerField(default=0)),
        ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
        ("error_class", models.CharField(blank=True, default="", max_length=100)),
        ("closed_at", models.DateTimeField(blank=True, null=True)),
        (
            "closed_by",
            person(help_text="Who dismissed it; empty where what it was about ended by itself."),
        ),
        ("snoozed_until", models.DateTimeField(blank=True, null=True)),
        ("assigned_to", person()),
    ],
    options={
        "db_table": "revenue_operatoralert",
        "permissions": PERMISSIONS,
        "constraints": [
            models.CheckConstraint(
                condition=Q(closed_by__isnull=True) | Q(closed_at__isnull=False),
                name=ONLY_IF,
            ),
            models.UniqueConstraint(fields=["kind", "item"], name="operator_alert_once_per_item"),
        ],
        "indexes": [
            models.Index(
                fields=["next_attempt_at"], condition=Q(told_at__isnull=True), name="alert_due"
            ),
            models.Index(fields=["-id"], condition=Q(closed_at__isnull=True), name="alert_open"),
            models.Index(
                fields=["-id"], condition=Q(closed_by__isnull=False), name="alert_dismissed"
            ),
        ],
    },
)


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("revenue", "0037_late_work_by_its_id"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[ALERT],
            database_operations=[migrations.RunSQL(rename(IFF, ONLY_IF), rename(ONLY_IF, IFF))],
        )
    ]
