"""Migration steps that put the kernel's promises into the database itself."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import migrations

# One function serves every append-only table; its arguments are the columns that may be blanked.
# A blanked value is NULL or the empty string; every other column must stay as it is.
_REFUSE_FUNCTION = """
CREATE OR REPLACE FUNCTION trinity_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb; now_is jsonb; col text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        was := to_jsonb(OLD); now_is := to_jsonb(NEW);
        FOREACH col IN ARRAY COALESCE(TG_ARGV, '{}') LOOP
            IF now_is -> col IN ('null'::jsonb, '""'::jsonb, '"\\\\x"'::jsonb) THEN
                was := was - col; now_is := now_is - col;
            END IF;
        END LOOP;
        IF was = now_is THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
"""

_KEEP_MODE_FUNCTION = """
CREATE OR REPLACE FUNCTION trinity_keep_mode() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.mode IS DISTINCT FROM OLD.mode THEN
        RAISE EXCEPTION 'the mode of a row never changes (%)', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def forbid_changes(table: str, *, erasable: Sequence[str] = ()) -> migrations.RunSQL:
    """Make ``table`` refuse UPDATE, DELETE and TRUNCATE, but for blanking ``erasable`` columns."""
    columns = ", ".join(f"'{column}'" for column in erasable)
    return migrations.RunSQL(
        sql=[
            _REFUSE_FUNCTION,
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION trinity_append_only({columns})",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION trinity_append_only()",
        ],
        reverse_sql=[
            f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}",
            f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}",
        ],
    )


def mode_steps(table: str, *, follows: dict[str, str] | None = None) -> migrations.RunSQL:
    """Freeze the ``mode`` of ``table`` and tie it to the mode of the rows it follows.

    ``follows`` maps a foreign-key column of ``table`` to the table it points at: the pair
    (column, mode) must exist there as (id, mode), so a test payment cannot hang under a live
    order. Parents need ``mode_steps`` too (it makes their (id, mode) unique).
    """
    up: list[str] = [
        _KEEP_MODE_FUNCTION,
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_id_mode UNIQUE (id, mode)",
        f"CREATE TRIGGER {table}_keep_mode BEFORE UPDATE OF mode ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION trinity_keep_mode()",
    ]
    down: list[str] = [
        f"DROP TRIGGER IF EXISTS {table}_keep_mode ON {table}",
    ]
    for column, parent in (follows or {}).items():
        name = f"{table}_{column}_same_mode"
        up.append(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, mode) "
            f"REFERENCES {parent} (id, mode) DEFERRABLE INITIALLY DEFERRED"
        )
        down.insert(0, f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
    down.append(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_id_mode")
    return migrations.RunSQL(sql=tuple(up), reverse_sql=tuple(down))
