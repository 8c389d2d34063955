"""The funnel is counted from the timeline, by an index that holds all of what it reads."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0003_in_charge"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "snapshot_requested",
                            "lead_accepted",
                            "checkout_prepared",
                            "link_prepared",
                            "payment_received",
                        ],
                    )
                ),
                fields=["deal", "kind"],
                name="activity_of_funnel",
            ),
        ),
    ]
