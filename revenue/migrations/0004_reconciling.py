from datetime import UTC, datetime

from django.db import migrations, models
from django.db.models import Q

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)  # for runs that were made before windows were kept


class Migration(migrations.Migration):
    dependencies = [("revenue", "0003_outbox")]

    operations = [
        migrations.AddField(
            "reconcilerun",
            "since",
            models.DateTimeField(default=LONG_AGO),
            preserve_default=False,
        ),
        migrations.AddField(
            "reconcilerun",
            "until",
            models.DateTimeField(default=LONG_AGO),
            preserve_default=False,
        ),
        migrations.AddField(
            "reconcilerun", "facts_recovered", models.PositiveIntegerField(default=0)
        ),
        migrations.AddField(
            "reconcilerun", "lines_compared", models.PositiveIntegerField(default=0)
        ),
        migrations.AddField(
            "reconcilerun",
            "days",
            models.JSONField(default=list, help_text="Totals by day, currency and kind."),
        ),
        migrations.AlterField(
            "reconcilerun",
            "differences",
            models.JSONField(default=list, help_text="Each by name, with both amounts."),
        ),
        migrations.AddField(
            "reconcilerun",
            "listed",
            models.JSONField(default=list, help_text="Payouts and the like: told, not booked."),
        ),
        migrations.AddField(
            "reconcilerun",
            "error_code",
            models.CharField(blank=True, default="", max_length=100),
        ),
        migrations.AddIndex(
            "paymentlink",
            models.Index(
                fields=["next_check_at"],
                condition=Q(next_check_at__isnull=False),
                name="payment_link_due",
            ),
        ),
        migrations.AddIndex(
            "paymentlink", models.Index(fields=["deal", "-id"], name="payment_link_of_deal")
        ),
        migrations.AddConstraint(
            "reconcilerun",
            models.UniqueConstraint(
                fields=["mode"],
                condition=Q(finished_at__isnull=True),
                name="reconcile_one_at_a_time",
            ),
        ),
    ]
