"""Indexes that operators' pages read by: orders of a mode, and sums per day without the rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0002_deal_offer"), ("revenue", "0004_reconciling")]

    operations = [
        migrations.RemoveIndex(model_name="revenueevent", name="revenue_by_day"),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["mode", "-id"], name="order_by_mode"),
        ),
        migrations.AddIndex(
            model_name="revenueevent",
            index=models.Index(
                fields=["mode", "currency", "occurred_at"],
                include=["kind", "amount_minor"],
                name="revenue_by_day",
            ),
        ),
    ]
