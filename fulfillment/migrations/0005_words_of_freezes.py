from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fulfillment", "0004_runs_have_kinds"),
    ]

    operations = [
        migrations.AlterField(
            model_name="orderintake",
            name="frozen_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("dispute", "the payment is disputed, or the bank asks about it"),
                    ("refund", "the payment goes back to the buyer"),
                    ("review", "a person has to look at the payment"),
                ],
                editable=False,
                max_length=10,
            ),
        ),
    ]
