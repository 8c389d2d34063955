"""A comparison keeps where ledger entries and the rows they speak of differ."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("revenue", "0022_refunds_are_owed_until_they_arrive")]

    operations = [
        migrations.AddField(
            model_name="reconcilerun",
            name="ledger_findings",
            field=models.JSONField(
                default=list,
                help_text="Where ledger entries and the rows they speak of differ, by name.",
            ),
        ),
    ]
