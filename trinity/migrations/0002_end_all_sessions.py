"""Every session of 0.1 ends: a row could hold the process's secrets, and a form to be sent later.

TRUNCATE, not DELETE: the rows leave the files of the database at once, too.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("trinity", "0001_initial"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            "TRUNCATE django_session, usersessions_usersession", migrations.RunSQL.noop
        )
    ]
