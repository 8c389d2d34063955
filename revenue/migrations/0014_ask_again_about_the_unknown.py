"""What stands as unknown and was given up on is asked about again."""

from django.db import migrations

ASK_AGAIN = """
UPDATE {table} SET next_check_at = now() WHERE state = 'unknown' AND next_check_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("revenue", "0013_listed_events")]

    operations = [
        migrations.RunSQL(ASK_AGAIN.format(table=table), migrations.RunSQL.noop)
        for table in ("revenue_checkoutsession", "revenue_paymentlink")
    ]
