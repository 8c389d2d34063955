"""Leases name the process that holds them."""

from __future__ import annotations

from django.db import migrations, models

LEASED = (
    "buyermail",
    "checkoutsession",
    "operatoralert",
    "paymentlink",
    "reconcilerun",
    "refundrequest",
    "stripewebhookevent",
)


class Migration(migrations.Migration):
    """Adds a column that is empty: what is leased meanwhile ends at its time, as before."""

    dependencies = [("revenue", "0027_prices_made_anew")]

    operations = [
        migrations.AddField(
            model_name=name,
            name="leased_by",
            field=models.IntegerField(blank=True, editable=False, null=True),
        )
        for name in LEASED
    ]
