"""Operators are told of a possible double payment. No statement: only the choices grow."""

from django.db import migrations, models

KINDS = [
    ("order_review", "an order needs review"),
    ("event_dead", "a Stripe event needs a person"),
    ("event_differs", "a known event id came with other content"),
    ("double_payment", "a buyer may have paid twice"),
    ("dispute_opened", "a dispute was opened"),
    ("refund_failed", "a refund failed"),
    ("refund_excess", "more was refunded than paid"),
    ("reconcile_difference", "our books and Stripe's differ"),
    ("sweep_lag", "work is waiting too long"),
    ("mail_unsent", "a mail to a buyer did not leave"),
    ("checkout_refused", "Stripe refused to open a payment page"),
    ("links_unpayable", "nobody can pay by some payment links"),
    ("deliveries_refused", "deliveries to Stripe's door are refused"),
]


class Migration(migrations.Migration):
    dependencies = [("revenue", "0032_cards_that_pay_twice")]

    operations = [
        migrations.AlterField(
            model_name="operatoralert",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=24),
        )
    ]
