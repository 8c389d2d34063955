"""What a person may close: a parked event, a possible double payment, an open checkout."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from kernel.schema import forbid_changes

EVENT_STATES = [
    ("received", "received"),
    ("processing", "processing"),
    ("processed", "processed"),
    ("ignored", "ignored"),
    ("waiting", "waiting for its cause"),
    ("failed", "failed, will be retried"),
    ("dead", "needs a person"),
    ("closed", "closed without acting"),
]
ALERT_KINDS = [
    ("order_review", "an order needs review"),
    ("event_dead", "a Stripe event needs a person"),
    ("event_differs", "a known event id came with other content"),
    ("dispute_opened", "a dispute was opened"),
    ("refund_failed", "a refund failed"),
    ("reconcile_difference", "our books and Stripe's differ"),
    ("sweep_lag", "work is waiting too long"),
    ("mail_unsent", "a mail to a buyer did not leave"),
    ("checkout_refused", "Stripe refused to open a payment page"),
]
PROTECT = django.db.models.deletion.PROTECT


def row_id() -> models.BigAutoField:
    return models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


def person(**more: object) -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, **more
    )


class Migration(migrations.Migration):
    dependencies = [
        ("revenue", "0007_repeats"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DoubleVerdict",
            fields=[
                ("id", row_id()),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=PROTECT, related_name="double_verdict", to="revenue.order"
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                ("decided_by", person()),
                ("decided_at", models.DateTimeField()),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="EventClosing",
            fields=[
                ("id", row_id()),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=PROTECT,
                        related_name="closings",
                        to="revenue.stripewebhookevent",
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                ("closed_by", person()),
                ("closed_at", models.DateTimeField()),
            ],
            options={"abstract": False},
        ),
        migrations.RemoveConstraint("stripewebhookevent", "webhook_event_state_known"),
        migrations.AlterField(
            "stripewebhookevent",
            "state",
            models.CharField(choices=EVENT_STATES, default="received", max_length=12),
        ),
        migrations.AddConstraint(
            "stripewebhookevent",
            models.CheckConstraint(
                condition=Q(state__in=[state for state, _label in EVENT_STATES]),
                name="webhook_event_state_known",
            ),
        ),
        migrations.AddField(
            "checkoutsession",
            "close_asked_at",
            models.DateTimeField(
                blank=True,
                null=True,
                help_text="When a person asked that nobody can pay it any more.",
            ),
        ),
        migrations.AddField(
            "checkoutsession", "close_asked_by", person(blank=True, null=True, db_index=False)
        ),
        migrations.AlterField(
            "operatoralert", "kind", models.CharField(choices=ALERT_KINDS, max_length=24)
        ),
        forbid_changes("revenue_doubleverdict", erasable=("reason",)),
        forbid_changes("revenue_eventclosing", erasable=("reason",)),
    ]
