"""The digest of what a read returned stood without a salt: it goes, and the next one has one."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("toolrouter", "0010_seats")]
    operations = [
        migrations.RunSQL(
            "UPDATE toolrouter_toolcall SET result_digest = ''"
            " WHERE risk = 'read' AND result_digest <> ''",
            migrations.RunSQL.noop,
        )
    ]
