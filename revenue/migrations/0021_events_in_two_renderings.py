"""One event may come in two renderings: the one that can be read stands beside the first."""

import django.db.models.deletion
from django.db import migrations, models

from kernel.schema import forbid_changes


class Migration(migrations.Migration):
    dependencies = [("revenue", "0020_facts_are_kept")]

    operations = [
        migrations.CreateModel(
            name="EventRendering",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="renderings",
                        to="revenue.stripewebhookevent",
                    ),
                ),
                ("api_version", models.CharField(max_length=40)),
                ("body", models.BinaryField(null=True)),
                ("body_sha256", models.CharField(max_length=64)),
                ("fact_sha256", models.CharField(max_length=64)),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event", "api_version"), name="event_rendering_once_per_version"
                    )
                ],
            },
        ),
        forbid_changes("revenue_eventrendering", erasable=("body",)),
    ]
