"""Constraints that hold one way say ``only if``; "iff" is kept by those that hold both ways.

A name alone changes, so no row is read and no table locked for long.
"""

from django.db import migrations
from django.db.models import CheckConstraint, Q

PAID = ["paid", "partially_refunded", "refunded", "refund_owed"]
RENAMED = [
    (
        "paymentlink",
        "payment_link_active_iff_stripe_knows_it",
        "payment_link_active_only_if_stripe_knows_it",
        ~Q(state="active") | Q(stripe_id__isnull=False),
    ),
    (
        "checkoutsession",
        "checkout_open_iff_stripe_knows_it",
        "checkout_open_only_if_stripe_knows_it",
        ~Q(state__in=["open", "complete"]) | Q(stripe_id__isnull=False),
    ),
    (
        "offerprice",
        "offer_price_ready_iff_stripe_knows_it",
        "offer_price_ready_only_if_stripe_knows_it",
        Q(ready_at__isnull=True) | (~Q(stripe_product_id="") & ~Q(stripe_price_id="")),
    ),
    (
        "order",
        "order_paid_iff_money_came",
        "order_paid_only_if_money_came",
        ~Q(state__in=PAID) | Q(paid_at__isnull=False),
    ),
    (
        "order",
        "order_unpaid_iff_no_money_came",
        "order_unpaid_only_if_no_money_came",
        ~Q(state__in=["awaiting_payment", "failed"]) | Q(paid_at__isnull=True),
    ),
]


def renamed(model, old, new, condition):
    rename = "ALTER TABLE revenue_{} RENAME CONSTRAINT {} TO {}"
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(rename.format(model, old, new), rename.format(model, new, old))
        ],
        state_operations=[
            migrations.RemoveConstraint(model, old),
            migrations.AddConstraint(model, CheckConstraint(condition=condition, name=new)),
        ],
    )


class Migration(migrations.Migration):
    dependencies = [("revenue", "0038_dedupe_key_of_mails")]

    operations = [renamed(*each) for each in RENAMED]
