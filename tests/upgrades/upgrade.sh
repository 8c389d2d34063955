#!/usr/bin/env bash
# Bring a database of an older version to this one, and look whether all of it came along.
#
#   tests/upgrades/upgrade.sh COMMIT    e.g. the last one of 0.1
#
# The old version runs first, from a checkout of its own: a sandbox sale to its end, sample sales.
# Then this version starts on what that one left. Every row of every old table must still be there,
# the ledger verify, the doctor know of nothing that is amiss in the database, a sale work, and each
# page answer. Needs the repository's history; about ten minutes, so no part of bin/test.
set -euo pipefail
commit=${1:?which commit?}
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
base=${UPGRADE_PORT:-8700}
work=$(mktemp -d /tmp/upgrade.XXXXXX)
export TRINITY_HOME=$work/home PORT=$base MCP_PORT=$((base + 1)) SANDBOX_PORT=$((base + 2)) DOORS_PORT=$((base + 3))
stack=
stop() { [ -z "$stack" ] || { kill -INT "$stack" && wait "$stack" || true; stack=; }; }
trap 'stop; git -C "$here" worktree remove --force "$work/old" || true' EXIT

start() {
    cd "$1"
    bin/run >"$work/run.log" 2>&1 &
    stack=$!
    for _ in $(seq 600); do
        if python3 - "$PORT" <<'P'
import sys, urllib.request
try:
    urllib.request.urlopen(f"http://localhost:{sys.argv[1]}/readyz", timeout=5)
except OSError:
    sys.exit(1)
P
        then return; fi
        kill -0 "$stack" || { cat "$work/run.log"; exit 1; }
        sleep 1
    done
    cat "$work/run.log"
    exit 1
}

git -C "$here" worktree add --detach "$work/old" "$commit"
start "$work/old"
bin/sale
bin/manage seed_sample --rows 40
bin/manage shell -c "$(cat "$here/tests/upgrades/row_counts.py")" | grep '^COUNTED ' >"$work/before"
stop

start "$here"
bin/manage shell -c "$(cat "$here/tests/upgrades/row_counts.py")" | grep '^COUNTED ' >"$work/after"
python3 "$here/tests/upgrades/lost_rows.py" "$work/before" "$work/after"
bin/manage verify_ledger
bin/manage doctor
bin/sale
bin/manage shell -c "$(cat "$here/tests/upgrades/every_page.py")"
echo "upgraded from $commit"
