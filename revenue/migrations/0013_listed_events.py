"""Whether an event was only listed is kept with it, for whoever acts on it next."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("revenue", "0012_links_asked_to_be_off")]

    operations = [
        migrations.AddField(
            model_name="stripewebhookevent",
            name="is_listed",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Listed by Stripe, not delivered: its object is read anew,"
                " at our version.",
            ),
        ),
    ]
