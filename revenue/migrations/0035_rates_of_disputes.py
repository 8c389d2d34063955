"""The rate at which a dispute's money left and came back, where Stripe converted it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("revenue", "0034_one_order_for_each_payment")]

    operations = [
        migrations.AddField(
            model_name="revenueevent",
            name="exchange_rate",
            field=models.DecimalField(
                blank=True,
                decimal_places=15,
                help_text=("Of a dispute's movement: from the dispute's currency to this one."),
                max_digits=30,
                null=True,
            ),
        ),
    ]
