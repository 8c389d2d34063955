"""Print how many rows each table has."""

import json

from django.db import connection

with connection.cursor() as cursor:
    names = connection.introspection.table_names(cursor)
    counted = {}
    for name in sorted(names):
        cursor.execute(f'SELECT count(*) FROM "{name}"')
        counted[name] = cursor.fetchone()[0]
print("COUNTED", json.dumps(counted))
