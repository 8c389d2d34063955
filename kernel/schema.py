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


# Named columns of one row keep what they were first; the others may change. The arguments are lists
# with commas: columns that never change, that may be blanked, that may be filled where blank.
_KEEP_FACTS_FUNCTION = """
CREATE OR REPLACE FUNCTION trinity_keep_facts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb; now_is jsonb; col text;
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION '% keeps its rows: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    was := to_jsonb(OLD); now_is := to_jsonb(NEW);
    FOREACH col IN ARRAY string_to_array(concat_ws(',', VARIADIC TG_ARGV), ',') LOOP
        IF was -> col IS DISTINCT FROM now_is -> col
            AND NOT (col = ANY (string_to_array(TG_ARGV[1], ','))
                     AND now_is -> col IN ('null'::jsonb, '""'::jsonb))
            AND NOT (col = ANY (string_to_array(TG_ARGV[2], ','))
                     AND was -> col IN ('null'::jsonb, '""'::jsonb))
        THEN
            RAISE EXCEPTION '% of % never changes', col, TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
"""


def forbid_changes(table: str, *, erasable: Sequence[str] = ()) -> migrations.RunSQL:
    """Make ``table`` refuse UPDATE, DELETE and TRUNCATE, but for blanking ``erasable`` columns.

    The application's role is not even granted them: ``kernel.grants`` reads this trigger.
    """
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


def keep_facts(
    table: str, *, frozen: Sequence[str], erasable: Sequence[str] = (), once: Sequence[str] = ()
) -> migrations.RunSQL:
    """Make ``table`` keep its rows, and in each what it was told first; other columns may change.

    ``frozen`` columns never change, ``erasable`` ones may only be blanked, and ``once`` ones may
    only be filled. The trigger costs nothing where a statement names none of them.
    """
    kinds = [",".join(columns) for columns in (frozen, erasable, once)]
    arguments = ", ".join(f"'{kind}'" for kind in kinds)
    guarded = ", ".join([*frozen, *erasable, *once])
    triggers = {
        "keep_facts": f"BEFORE UPDATE OF {guarded} ON {table} FOR EACH ROW",
        "keep_rows": f"BEFORE DELETE ON {table} FOR EACH ROW",
        "no_truncate": f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
    }
    return migrations.RunSQL(
        sql=[
            _KEEP_FACTS_FUNCTION,
            *(
                f"CREATE TRIGGER {table}_{name} {when}"
                f" EXECUTE FUNCTION trinity_keep_facts({arguments})"
                for name, when in triggers.items()
            ),
        ],
        reverse_sql=[f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}" for name in triggers],
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
