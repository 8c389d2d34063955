"""Names that were typed on Stripe's page, without what hides in them or turns a line around."""

from django.db import migrations

# As ``kernel.texts`` has it, but for joiners and flags, which stay.
HIDDEN = (
    r"[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb]"
)


class Migration(migrations.Migration):
    dependencies = [("revenue", "0024_offers_are_seen")]

    operations = [
        migrations.RunSQL(
            f"UPDATE revenue_order SET buyer_name ="  # noqa: S608  # a pattern of our own
            f" btrim(regexp_replace(buyer_name, '{HIDDEN}', '', 'g')) WHERE buyer_name ~ '{HIDDEN}'",
            migrations.RunSQL.noop,
        ),
    ]
