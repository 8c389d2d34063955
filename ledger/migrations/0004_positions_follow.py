"""A place in the sealed order is the next one, and holds the hash of an entry that is there."""

from django.db import migrations

from kernel.schema import step
from ledger.guards import POSITIONS_FOLLOW


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_no_table_hides_ours")]

    operations = [step(POSITIONS_FOLLOW)]
