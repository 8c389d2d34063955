"""A payment link is made once per form that an operator opened."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("revenue", "0005_pages")]

    operations = [
        migrations.AddField(
            model_name="paymentlink",
            name="form_key",
            field=models.CharField(blank=True, max_length=64, null=True, unique=True),
        ),
    ]
