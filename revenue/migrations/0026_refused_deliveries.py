"""How often the webhook's door refused, by hour and reason."""

from django.db import migrations, models

REASONS = [
    ("unsigned", "not signed, or the signature is no such"),
    ("secret", "signed with no secret of ours"),
    ("stale", "signed too long ago, or in the future"),
    ("body", "signed, and no event"),
]
KINDS = [
    ("order_review", "an order needs review"),
    ("event_dead", "a Stripe event needs a person"),
    ("event_differs", "a known event id came with other content"),
    ("dispute_opened", "a dispute was opened"),
    ("refund_failed", "a refund failed"),
    ("reconcile_difference", "our books and Stripe's differ"),
    ("sweep_lag", "work is waiting too long"),
    ("mail_unsent", "a mail to a buyer did not leave"),
    ("checkout_refused", "Stripe refused to open a payment page"),
    ("deliveries_refused", "deliveries to Stripe's door are refused"),
]


class Migration(migrations.Migration):
    dependencies = [("revenue", "0025_readable_names")]

    operations = [
        migrations.CreateModel(
            name="RefusedDeliveries",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("reason", models.CharField(choices=REASONS, max_length=12)),
                ("times", models.PositiveBigIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "refused deliveries",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hour", "reason"), name="refusals_counted_by_hour"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason__in", [name for name, _ in REASONS])),
                        name="refusal_reason_known",
                    ),
                ],
            },
        ),
        migrations.AlterField(
            model_name="operatoralert",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=24),
        ),
    ]
