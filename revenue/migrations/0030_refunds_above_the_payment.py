"""A refund at Stripe after one that was paid another way is booked, and what is above settled."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from kernel.schema import forbid_changes, mode_steps


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0006_trapped_requests"),
        ("revenue", "0029_modes_of_alerts_and_comparisons"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExcessSettlement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=35, unique=True)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("live", "live"),
                            ("test", "test"),
                            ("sandbox", "sandbox"),
                            ("sample", "sample"),
                        ],
                        editable=False,
                        max_length=8,
                    ),
                ),
                ("amount_minor", models.PositiveBigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "settled_by",
                    models.CharField(
                        choices=[
                            ("bank_transfer", "by bank transfer"),
                            ("cash", "in cash"),
                            ("other", "another way"),
                            ("written_off", "written off"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="order",
            name="order_refunds_within_the_payment",
        ),
        migrations.RemoveConstraint(
            model_name="revenueevent",
            name="revenue_event_sign_follows_kind",
        ),
        migrations.AddField(
            model_name="order",
            name="excess_minor",
            field=models.PositiveBigIntegerField(
                db_default=0,
                default=0,
                help_text="What went back beyond the payment, and nobody has settled.",
            ),
        ),
        migrations.AlterField(
            model_name="operatoralert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("order_review", "an order needs review"),
                    ("event_dead", "a Stripe event needs a person"),
                    ("event_differs", "a known event id came with other content"),
                    ("dispute_opened", "a dispute was opened"),
                    ("refund_failed", "a refund failed"),
                    ("refund_excess", "more was refunded than paid"),
                    ("reconcile_difference", "our books and Stripe's differ"),
                    ("sweep_lag", "work is waiting too long"),
                    ("mail_unsent", "a mail to a buyer did not leave"),
                    ("checkout_refused", "Stripe refused to open a payment page"),
                    ("deliveries_refused", "deliveries to Stripe's door are refused"),
                ],
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="revenueevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("payment", "payment"),
                    ("refund", "refund"),
                    ("refund_reversal", "refund that failed and came back"),
                    ("refund_elsewhere", "refund paid another way than by Stripe"),
                    ("refund_returned", "refund that the buyer returned"),
                    ("dispute", "funds withdrawn for a dispute"),
                    ("dispute_reversal", "funds of a dispute returned"),
                    ("fee", "Stripe's fee"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("excess_minor__gt", 0)), fields=["-id"], name="order_excess"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("refunded_minor__gte", 0),
                    (
                        "refunded_minor__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("amount_minor"), "*", models.Value(2)
                        ),
                    ),
                ),
                name="order_refunds_within_the_payment_each_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("excess_minor", 0),
                    (
                        "excess_minor__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("refunded_minor"), "-", models.F("amount_minor")
                        ),
                    ),
                    _connector="OR",
                ),
                name="order_excess_is_above_the_payment",
            ),
        ),
        migrations.AddConstraint(
            model_name="revenueevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount_minor__gte", 0), ("kind__in", ["payment"])),
                    models.Q(
                        ("amount_minor__gt", 0),
                        ("kind__in", ["refund_reversal", "refund_returned", "dispute_reversal"]),
                    ),
                    models.Q(
                        ("amount_minor__lt", 0),
                        ("kind__in", ["refund", "refund_elsewhere", "dispute"]),
                    ),
                    ("kind", "fee"),
                    _connector="OR",
                ),
                name="revenue_event_sign_follows_kind",
            ),
        ),
        migrations.AddField(
            model_name="excesssettlement",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="excess_settlements",
                to="revenue.order",
            ),
        ),
        migrations.AddField(
            model_name="excesssettlement",
            name="recorded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="excesssettlement",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="excess_settlement_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="excesssettlement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("settled_by__in", ["bank_transfer", "cash", "other", "written_off"])
                ),
                name="excess_settlement_way_known",
            ),
        ),
        mode_steps("revenue_excesssettlement", follows={"order_id": "revenue_order"}),
        forbid_changes("revenue_excesssettlement", erasable=("reason",)),
    ]
