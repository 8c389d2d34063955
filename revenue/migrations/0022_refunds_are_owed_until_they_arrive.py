"""A refund that failed is owed until the buyer has got the money.

Of old failures those whose alert still stands are owed; the others were dealt with.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from kernel.schema import forbid_changes, keep_facts, mode_steps

OWED_OF_OLD = """
UPDATE revenue_refund refund SET undone_at = alert.raised_at
FROM revenue_operatoralert alert
WHERE alert.kind = 'refund_failed' AND alert.item = refund.stripe_id AND alert.closed_at IS NULL
  AND refund.status IN ('failed', 'canceled');
UPDATE revenue_order sold SET state = 'refund_owed',
  refund_owed_minor = LEAST(failed.minor, sold.amount_minor - sold.refunded_minor - sold.disputed_minor)
FROM (SELECT order_id, sum(amount_minor)::bigint AS minor FROM revenue_refund
      WHERE undone_at IS NOT NULL GROUP BY order_id) failed
WHERE failed.order_id = sold.id AND sold.state IN ('paid', 'partially_refunded')
  AND sold.offer_id IS NOT NULL AND sold.refunded_minor + sold.disputed_minor < sold.amount_minor;
"""
ASKED: tuple[str, ...] = (
    *("id", "reference", "mode", "order_id", "amount_minor", "currency"),
    *("requested_by_id", "requested_at"),
)


def keep_requests(*, frozen: tuple[str, ...]) -> migrations.RunSQL:
    return keep_facts(
        "revenue_refundrequest", frozen=frozen, erasable=("reason",), once=("stripe_id",)
    )


BEFORE = keep_requests(frozen=ASKED)


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0003_in_charge"),
        ("revenue", "0021_events_in_two_renderings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RefundPaidElsewhere",
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
                    "paid_by",
                    models.CharField(
                        choices=[
                            ("bank_transfer", "by bank transfer"),
                            ("cash", "in cash"),
                            ("other", "another way"),
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
            name="order_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="order",
            name="order_paid_iff_money_came",
        ),
        migrations.RemoveConstraint(
            model_name="revenueevent",
            name="revenue_event_sign_follows_kind",
        ),
        migrations.AddField(
            model_name="order",
            name="refund_owed_minor",
            field=models.PositiveBigIntegerField(
                db_default=0,
                default=0,
                help_text="What the buyer was promised back and has not got.",
            ),
        ),
        migrations.AddField(
            model_name="refund",
            name="undone_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When it failed or was canceled; of old ones not known.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="refundrequest",
            name="is_retry",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Asked for while a failed refund was owed.",
            ),
        ),
        migrations.AlterField(
            model_name="buyermail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("paid", "receipt"),
                    ("bank_processing", "the bank is still processing"),
                    ("payment_failed", "the payment failed"),
                    ("refund_booked", "a refund was made"),
                    ("refund_failed", "a refund failed"),
                    ("refund_elsewhere", "a refund was paid another way"),
                    ("not_ours", "the payment is not for an order of ours"),
                    ("order_link", "a new link to the order"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="state",
            field=models.CharField(
                choices=[
                    ("awaiting_payment", "awaiting payment"),
                    ("paid", "paid"),
                    ("partially_refunded", "partially refunded"),
                    ("refunded", "refunded"),
                    ("refund_owed", "refund owed"),
                    ("disputed", "disputed"),
                    ("failed", "payment failed"),
                    ("needs_review", "needs review"),
                    ("not_ours", "not ours"),
                ],
                default="awaiting_payment",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="orderlink",
            name="made_for",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "not noted"),
                    ("paying", "the browser that went to pay"),
                    ("return", "the browser that came back from paying"),
                    ("paid", "the receipt by e-mail"),
                    ("bank_processing", "the e-mail that the bank is still processing"),
                    ("payment_failed", "the e-mail that the payment failed"),
                    ("refund_booked", "the e-mail about a refund"),
                    ("refund_failed", "the e-mail about a failed refund"),
                    ("refund_elsewhere", "the e-mail about a refund paid another way"),
                    ("not_ours", "the e-mail that the payment is not for an order of ours"),
                    ("order_link", "a new link that the buyer asked for"),
                ],
                default="",
                max_length=20,
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
                    ("dispute", "funds withdrawn for a dispute"),
                    ("dispute_reversal", "funds of a dispute returned"),
                    ("fee", "Stripe's fee"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(fields=["status", "-id"], name="refund_by_status"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "awaiting_payment",
                            "paid",
                            "partially_refunded",
                            "refunded",
                            "refund_owed",
                            "disputed",
                            "failed",
                            "needs_review",
                            "not_ours",
                        ],
                    )
                ),
                name="order_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state__in", ["paid", "partially_refunded", "refunded", "refund_owed"]),
                        _negated=True,
                    ),
                    ("paid_at__isnull", False),
                    _connector="OR",
                ),
                name="order_paid_iff_money_came",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "refund_owed"), _negated=True),
                    ("refund_owed_minor__gt", 0),
                    _connector="OR",
                ),
                name="order_owes_what_its_state_says",
            ),
        ),
        migrations.AddConstraint(
            model_name="revenueevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount_minor__gte", 0), ("kind__in", ["payment"])),
                    models.Q(
                        ("amount_minor__gt", 0),
                        ("kind__in", ["refund_reversal", "dispute_reversal"]),
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
            model_name="refundpaidelsewhere",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refunds_paid_elsewhere",
                to="revenue.order",
            ),
        ),
        migrations.AddField(
            model_name="refundpaidelsewhere",
            name="recorded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="refundpaidelsewhere",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="refund_paid_elsewhere_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="refundpaidelsewhere",
            constraint=models.CheckConstraint(
                condition=models.Q(("paid_by__in", ["bank_transfer", "cash", "other"])),
                name="refund_paid_elsewhere_way_known",
            ),
        ),
        mode_steps("revenue_refundpaidelsewhere", follows={"order_id": "revenue_order"}),
        forbid_changes("revenue_refundpaidelsewhere", erasable=("reason",)),
        migrations.RunSQL(BEFORE.reverse_sql, BEFORE.sql),
        keep_requests(frozen=(*ASKED, "is_retry")),
        migrations.RunSQL(OWED_OF_OLD, migrations.RunSQL.noop),
    ]
