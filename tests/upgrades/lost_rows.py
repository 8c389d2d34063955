"""Say which rows of the old version are not there any more. Workers may have added some."""

import json
import sys
from pathlib import Path

# Rows that come and go, or follow from code.
PASSING = {
    "django_session",
    "usersessions_usersession",
    "ledger_unsealedentry",
    "auth_group_permissions",
    "auth_permission",
}

before, after = (json.loads(Path(path).read_text().partition(" ")[2]) for path in sys.argv[1:3])
lost = {
    table: (rows, after.get(table))
    for table, rows in before.items()
    if table not in PASSING and rows > (after.get(table) or 0)
}
if lost:
    sys.exit(f"rows before and after: {lost}")
print(f"all {sum(before.values())} rows of {len(before)} tables are there")
