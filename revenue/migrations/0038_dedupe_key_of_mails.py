"""What a mail to a buyer is sent once for is its dedupe key; "fact" means something else here."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("revenue", "0037_late_work_by_its_id")]

    operations = [
        migrations.RenameField("buyermail", "fact", "dedupe_key"),
        migrations.AlterConstraint(  # in the database it follows the column
            "buyermail",
            "buyer_mail_once_per_order_and_kind",
            models.UniqueConstraint(
                fields=("order", "kind", "dedupe_key"), name="buyer_mail_once_per_order_and_kind"
            ),
        ),
    ]
