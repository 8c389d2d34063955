"""Who asked that a payment link be switched off, written down before Stripe is asked."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("revenue", "0011_a_dead_event_needs_a_person"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "paymentlink",
            "off_asked_at",
            models.DateTimeField(
                blank=True, null=True, help_text="When a person asked that nobody can pay by it."
            ),
        ),
        migrations.AddField(
            "paymentlink",
            "off_asked_by",
            models.ForeignKey(
                blank=True,
                null=True,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
