#!/bin/sh
# Runs once, when the database volume is new. Trinity's role owns its database and is no superuser:
# a superuser could skip the triggers that keep history append-only.
set -eu
: "${TRINITY_DB_PASSWORD:?set TRINITY_DB_PASSWORD in .env}"
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 \
    --set password="$TRINITY_DB_PASSWORD" <<'SQL'
CREATE ROLE trinity LOGIN PASSWORD :'password';
CREATE DATABASE trinity OWNER trinity TEMPLATE template0 LOCALE_PROVIDER builtin LOCALE 'C.UTF-8' ENCODING 'UTF8';
SQL
