"""Which card paid an order, as a keyed digest: the same card is noticed again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("revenue", "0031_prices_are_asked_about"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="card_digest",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=64,
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("card_digest", ""), _negated=True),
                fields=["card_digest"],
                name="order_card",
            ),
        ),
    ]
