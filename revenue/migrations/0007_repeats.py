"""How often known events are delivered again, beside the events."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("revenue", "0006_pressed_once")]

    operations = [
        migrations.CreateModel(
            name="EventRepeat",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="repeat",
                        serialize=False,
                        to="revenue.stripewebhookevent",
                    ),
                ),
                ("times", models.PositiveIntegerField()),
                ("last_at", models.DateTimeField()),
            ],
        ),
    ]
