"""Stripe is asked about prices on sale, and operators are told of links that nobody can pay by."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("revenue", "0030_refunds_above_the_payment"),
    ]

    operations = [
        migrations.AddField(
            model_name="offerprice",
            name="asked_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When Stripe was last asked whether it sells at it.",
                null=True,
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
                    ("links_unpayable", "nobody can pay by some payment links"),
                    ("deliveries_refused", "deliveries to Stripe's door are refused"),
                ],
                max_length=24,
            ),
        ),
    ]
