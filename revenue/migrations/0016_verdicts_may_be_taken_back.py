"""An order may have more than one verdict: each names the one it follows, the newest stands."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

VERDICTS = [
    ("accepted", "accepted as paid"),
    ("refund", "to be refunded"),
    ("not_ours", "not ours"),
    ("reopened", "open again"),
]
MAIL_KINDS = [
    ("paid", "receipt"),
    ("bank_processing", "the bank is still processing"),
    ("payment_failed", "the payment failed"),
    ("refund_booked", "a refund was made"),
    ("refund_failed", "a refund failed"),
    ("not_ours", "the payment is not for an order of ours"),
    ("order_link", "a new link to the order"),
]
LINKS_MADE_FOR = [
    ("", "not noted"),
    ("paying", "the browser that went to pay"),
    ("return", "the browser that came back from paying"),
    ("paid", "the receipt by e-mail"),
    ("bank_processing", "the e-mail that the bank is still processing"),
    ("payment_failed", "the e-mail that the payment failed"),
    ("refund_booked", "the e-mail about a refund"),
    ("refund_failed", "the e-mail about a failed refund"),
    ("not_ours", "the e-mail that the payment is not for an order of ours"),
    ("order_link", "a new link that the buyer asked for"),
]
PROTECT = django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    dependencies = [("revenue", "0015_lists_of_what_waits")]

    operations = [
        migrations.AlterField(
            "orderreview",
            "order",
            models.ForeignKey(on_delete=PROTECT, related_name="reviews", to="revenue.order"),
        ),
        migrations.AddField(
            "orderreview",
            "follows",
            models.OneToOneField(
                blank=True,
                null=True,
                on_delete=PROTECT,
                related_name="followed_by",
                to="revenue.orderreview",
            ),
        ),
        migrations.RemoveConstraint("orderreview", "order_review_verdict_known"),
        migrations.AlterField(
            "orderreview", "verdict", models.CharField(choices=VERDICTS, max_length=12)
        ),
        migrations.AddConstraint(
            "orderreview",
            models.CheckConstraint(
                condition=Q(verdict__in=[verdict for verdict, _label in VERDICTS]),
                name="order_review_verdict_known",
            ),
        ),
        migrations.AddConstraint(
            "orderreview",
            models.CheckConstraint(
                condition=~Q(verdict="reopened") | Q(follows__isnull=False),
                name="order_review_reopens_a_verdict",
            ),
        ),
        migrations.AddConstraint(
            "orderreview",
            models.UniqueConstraint(
                condition=Q(follows__isnull=True),
                fields=["order"],
                name="order_review_begins_once",
            ),
        ),
        migrations.AlterField(
            "buyermail", "kind", models.CharField(choices=MAIL_KINDS, max_length=20)
        ),
        migrations.AlterField(
            "orderlink",
            "made_for",
            models.CharField(blank=True, choices=LINKS_MADE_FOR, default="", max_length=20),
        ),
    ]
