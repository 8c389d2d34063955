#!/usr/bin/env bash
# Makes what the tests here upgrade: a database as an older version of ours filled it.
#
#   tests/upgrades/make.sh COMMIT NAME      writes NAME.sql.gz and NAME.seals.log beside this file
#
# Two sales against the sandbox, sample data, and an alert of every kind that version knew: open,
# snoozed, dismissed and assigned. Nobody can log in with what is kept; no session is.
set -euo pipefail

commit=$1 name=$2
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q "$here/../.." "$work/code"
cd "$work/code"
git checkout -q "$commit"
export TRINITY_HOME="$work/home"
free_port() { python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
PORT=$(free_port) MCP_PORT=$(free_port) SANDBOX_PORT=$(free_port) DOORS_PORT=$(free_port)
export PORT MCP_PORT SANDBOX_PORT DOORS_PORT
bin/sale
bin/sale
export PYTHON="$TRINITY_HOME/venv/bin/python" OLD_NAME="$here/$name" OLD_FILL="$here/fill.py"
"$PYTHON" -m trinity.stack services -- bash -euo pipefail -c '
    "$PYTHON" manage.py seed_sample --rows 10
    "$PYTHON" manage.py shell -v 0 <"$OLD_FILL"
    "$PYTHON" manage.py seal_ledger
    "$PYTHON" manage.py shell -v 0 <<"PYTHON"
import os, subprocess
from trinity.restore_drill import Tools
url = os.environ.get("MIGRATION_DATABASE_URL") or os.environ["DATABASE_URL"]
Tools(url).run("pg_dump", "--inserts", "--rows-per-insert=100", "--no-owner", "--no-privileges", "--file=" + os.environ["OLD_NAME"] + ".sql", url=url)
PYTHON
'
gzip -9nf "$OLD_NAME.sql"
cp "$TRINITY_HOME/seals.log" "$OLD_NAME.seals.log"
