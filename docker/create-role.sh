#!/bin/sh
# Makes the two roles and the database, each once: when the volume is new, and by hand on a volume of
# an older version (docs/operations.md, Upgrade). "trinity" owns the tables and migrates; pages and
# workers log in as "trinity_app", which can neither change the schema nor rewrite history. Neither is
# a superuser: those skip the triggers that keep history append-only.
set -eu
: "${TRINITY_DB_PASSWORD:?set TRINITY_DB_PASSWORD in .env}"
: "${TRINITY_APP_DB_PASSWORD:?set TRINITY_APP_DB_PASSWORD in .env}"
psql --username "${POSTGRES_USER:-postgres}" --dbname postgres --set ON_ERROR_STOP=1 --quiet \
    --set password="$TRINITY_DB_PASSWORD" --set app_password="$TRINITY_APP_DB_PASSWORD" <<'SQL'
SELECT format('CREATE ROLE trinity LOGIN PASSWORD %L', :'password')
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'trinity') \gexec
SELECT format('CREATE ROLE trinity_app LOGIN PASSWORD %L', :'app_password')
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'trinity_app') \gexec
SELECT 'CREATE DATABASE trinity OWNER trinity TEMPLATE template0 LOCALE_PROVIDER builtin LOCALE ''C.UTF-8'' ENCODING ''UTF8'''
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'trinity') \gexec
-- We keep no large objects, and anybody could fill the disk with them.
\connect trinity
REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
SQL
