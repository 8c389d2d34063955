#!/bin/sh
# The password goes in by standard input: what stands in a command can be read by every user of the
# machine.
set -eu
: "${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}"
exec redis-server - --appendonly yes "$@" <<CONFIG
requirepass "$REDIS_PASSWORD"
CONFIG
