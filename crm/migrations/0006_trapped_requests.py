"""Requests that a program seems to have sent, kept for a while so that a person can rescue one."""

from django.db import migrations, models

import kernel.modes
from kernel.schema import mode_steps


class Migration(migrations.Migration):
    dependencies = [("crm", "0005_named_by_payment")]

    operations = [
        migrations.CreateModel(
            name="TrappedRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(editable=False, max_length=35)),
                ("name", models.CharField(max_length=200)),
                ("email", models.CharField(max_length=254)),
                ("email_key", models.CharField(db_index=True, max_length=254)),
                ("company", models.CharField(max_length=200)),
                ("website", models.CharField(blank=True, max_length=300)),
                ("wish", models.TextField(max_length=2000)),
                ("trace_ref", models.CharField(editable=False, max_length=35)),
                ("mode", kernel.modes.mode_field()),
                ("caught_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("reference",), name="trapped_reference_unique"),
                    models.UniqueConstraint(fields=("trace_ref",), name="trapped_once_per_form"),
                ]
            },
        ),
        mode_steps("crm_trappedrequest"),
    ]
