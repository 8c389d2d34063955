"""How often an offer was seen: one counter per version, mode and day, nothing about visitors."""

import django.db.models.deletion
from django.db import migrations, models

from kernel.schema import mode_steps


class Migration(migrations.Migration):
    dependencies = [
        ("revenue", "0023_found_in_the_ledger"),
    ]

    operations = [
        migrations.CreateModel(
            name="OfferViews",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
                ("day", models.DateField()),
                ("times", models.PositiveBigIntegerField()),
                (
                    "offer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="revenue.offer",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "offer views",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("mode", "day", "offer"), name="offer_views_once_per_day"
                    )
                ],
            },
        ),
        mode_steps("revenue_offerviews"),
    ]
