"""What Stripe said first of an event, a refund or a dispute stays; what became of it may change."""

from django.db import migrations

from kernel.schema import keep_facts


class Migration(migrations.Migration):
    dependencies = [("revenue", "0019_money_that_banks_hold_back")]

    operations = [
        keep_facts(
            "revenue_stripewebhookevent",
            frozen=(
                *("id", "stripe_id", "type", "object_id", "api_version", "account", "livemode"),
                *("mode", "body_sha256", "is_listed", "stripe_created_at", "received_at"),
            ),
            erasable=("body",),
            once=("fact_sha256", "emptied_at"),
        ),
        keep_facts(
            "revenue_refund",
            frozen=(
                "id",
                "stripe_id",
                "order_id",
                "mode",
                "amount_minor",
                "currency",
                "created_at",
            ),
        ),
        keep_facts(
            "revenue_dispute",
            frozen=("id", "stripe_id", "order_id", "mode", "amount_minor", "currency", "opened_at"),
        ),
        keep_facts(
            "revenue_refundrequest",
            frozen=(
                *("id", "reference", "mode", "order_id", "amount_minor", "currency"),
                *("requested_by_id", "requested_at"),
            ),
            erasable=("reason",),
            once=("stripe_id",),
        ),
    ]
