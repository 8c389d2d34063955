"""When a payment said a contact's name; whoever never asked by form was named by one."""

from django.db import migrations, models

NAMED_BY_PAYMENT = """
UPDATE crm_contact SET named_by_payment_at = created_at
WHERE name <> '' AND NOT EXISTS (
    SELECT 1 FROM crm_activity
    WHERE crm_activity.contact_id = crm_contact.id AND kind = 'snapshot_requested'
)
"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0004_funnel_from_history")]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="named_by_payment_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunSQL(NAMED_BY_PAYMENT, migrations.RunSQL.noop),
    ]
