"""Prices that Stripe archived or forgot are made anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("revenue", "0026_refused_deliveries")]

    operations = [
        migrations.AddField(
            model_name="offerprice",
            name="times_renewed",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="offerprice",
            name="renewed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="offerprice",
            name="renewed_because",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
    ]
