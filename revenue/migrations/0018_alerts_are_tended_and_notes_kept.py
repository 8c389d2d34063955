"""Alerts can be dismissed, snoozed and assigned; disputes are listed; orders have notes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from kernel.schema import forbid_changes


class Migration(migrations.Migration):
    dependencies = [
        ("revenue", "0017_wide_enough_for_stripes_ids"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "about",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Stripe's id of the refund or dispute.",
                        max_length=255,
                    ),
                ),
                ("words", models.CharField(max_length=2000)),
                ("written_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="operatoralert",
            name="assigned_to",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="operatoralert",
            name="closed_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Who dismissed it; empty where what it was about ended by itself.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="operatoralert",
            name="snoozed_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "lost",
                            "prevented",
                            "under_review",
                            "warning_closed",
                            "warning_under_review",
                            "won",
                        ],
                    ),
                    _negated=True,
                ),
                fields=["evidence_due_at", "-id"],
                name="dispute_to_answer",
            ),
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(fields=["status", "-id"], name="dispute_by_status"),
        ),
        migrations.AddIndex(
            model_name="operatoralert",
            index=models.Index(
                condition=models.Q(("closed_by__isnull", False)),
                fields=["-id"],
                name="alert_dismissed",
            ),
        ),
        migrations.AddConstraint(
            model_name="operatoralert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_by__isnull", True), ("closed_at__isnull", False), _connector="OR"
                ),
                name="operator_alert_dismissed_iff_closed",
            ),
        ),
        migrations.AddField(
            model_name="ordernote",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notes",
                to="revenue.order",
            ),
        ),
        migrations.AddField(
            model_name="ordernote",
            name="written_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        forbid_changes("revenue_ordernote", erasable=("words",)),
    ]
