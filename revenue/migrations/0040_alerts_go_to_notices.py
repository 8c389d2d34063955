"""Alerts are the app ``notices``' from here on; their table stays where it is.

Their content type keeps its row, and with it the permissions that groups were given and the
admin's own history.
"""

from django.db import migrations

MOVE = """
UPDATE django_content_type SET app_label = %s WHERE app_label = %s AND model = 'operatoralert'
AND NOT EXISTS (SELECT FROM django_content_type WHERE app_label = %s AND model = 'operatoralert')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("notices", "0001_alerts_come_from_revenue"),
        ("revenue", "0039_only_if_is_not_iff"),
    ]

    operations = [
        migrations.RunSQL(
            [(MOVE, ["notices", "revenue", "notices"])],
            [(MOVE, ["revenue", "notices", "revenue"])],
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel("OperatorAlert")]
        ),
    ]
