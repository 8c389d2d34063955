"""Promises of the database itself: each is built here, made by a migration step, and registered.

A builder (``append_only``) returns the promise that an app registers (``kernel.guards``); the step
of the same guards (``forbid_changes``) is what its migration runs. So both tell one story, and
``manage.py doctor`` and a test hold the database to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db import migrations, models

from kernel.guards import Guard, Kind, Promise


def trigger_function(name: str, body: str) -> Guard:
    """Return the function ``name`` in PL/pgSQL that triggers call."""
    definition = (
        f"CREATE OR REPLACE FUNCTION public.{name}()\n RETURNS trigger\n LANGUAGE plpgsql\n"
        f"AS $function${body}$function$\n"
    )
    return Guard(Kind.FUNCTION, "", name, definition)


def trigger(table: str, name: str, when: str, rest: str) -> Guard:
    """Return a trigger: ``when`` it fires ("BEFORE UPDATE"), and the ``rest`` of its definition."""
    kind = "CONSTRAINT TRIGGER" if "DEFERRABLE" in rest else "TRIGGER"
    return Guard(Kind.TRIGGER, table, name, f"CREATE {kind} {name} {when} ON public.{table} {rest}")


def constraint(table: str, name: str, definition: str) -> Guard:
    """Return a constraint that no model declares."""
    return Guard(Kind.CONSTRAINT, table, name, definition)


# One function serves every append-only table; its arguments are the columns that may be blanked.
# A blanked value is NULL or the empty string; every other column must stay as it is.
_APPEND_ONLY = trigger_function(
    "trinity_append_only",
    """
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
END """,
)
_KEEP_MODE = trigger_function(
    "trinity_keep_mode",
    """
BEGIN
    IF NEW.mode IS DISTINCT FROM OLD.mode THEN
        RAISE EXCEPTION 'the mode of a row never changes (%)', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END """,
)
# Named columns of one row keep what they were first; the others may change. The arguments are lists
# with commas: columns that never change, that may be blanked, that may be filled where blank.
_KEEP_FACTS = trigger_function(
    "trinity_keep_facts",
    """
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
END """,
)


def append_only(table: str, *, erasable: Iterable[str] = ()) -> Promise:
    """Promise that rows of ``table`` stay as written, but for blanking ``erasable`` columns.

    UPDATE, DELETE and TRUNCATE are refused, and ``kernel.grants`` does not even give them.
    """
    blanked = tuple(sorted(erasable))
    return Promise(
        table=table,
        guards=(
            _APPEND_ONLY,
            _calling(table, "append_only", "BEFORE DELETE OR UPDATE", _APPEND_ONLY, *blanked),
            _calling(table, "no_truncate", "BEFORE TRUNCATE", _APPEND_ONLY),
        ),
        changeable=blanked.__contains__,
        erasable=frozenset(blanked),
    )


def histories(tables: Iterable[type[models.Model]]) -> Iterable[Promise]:
    """Promise what the append-only models among ``tables`` declare by their ``ERASABLE``."""
    for model in tables:
        erasable = getattr(model, "ERASABLE", None)  # apps cannot import AppendOnly this early
        if erasable is not None and not model._meta.proxy:
            fields = [field for field in model._meta.fields if field.name in erasable]
            yield append_only(model._meta.db_table, erasable=[f.column or f.name for f in fields])


def kept_facts(
    table: str, *, frozen: Sequence[str], erasable: Sequence[str] = (), once: Sequence[str] = ()
) -> Promise:
    """Promise that rows of ``table`` stay, and keep what they were told first; the rest may change.

    ``frozen`` columns never change, ``erasable`` ones may only be blanked, and ``once`` ones may
    only be filled; what is both is filled later and blanked later still. The trigger costs nothing
    where a statement names none of them.
    """
    kinds = [",".join(columns) for columns in (frozen, erasable, once)]
    named = ", ".join(dict.fromkeys([*frozen, *erasable, *once]))
    return Promise(
        table=table,
        guards=(
            _KEEP_FACTS,
            _calling(table, "keep_facts", f"BEFORE UPDATE OF {named}", _KEEP_FACTS, *kinds),
            _calling(table, "keep_rows", "BEFORE DELETE", _KEEP_FACTS, *kinds),
            _calling(table, "no_truncate", "BEFORE TRUNCATE", _KEEP_FACTS, *kinds),
        ),
        changeable=lambda column: column not in frozen,
        erasable=frozenset(erasable),
    )


def fixed_mode(table: str, *, follows: Mapping[str, str] | None = None) -> Promise:
    """Promise that the ``mode`` of a row never changes, and is that of the rows it ``follows``.

    ``follows`` maps a foreign-key column of ``table`` to the table it points at: the pair
    (column, mode) must exist there as (id, mode), so a test payment cannot hang under a live
    order. Parents need this promise too (it makes their (id, mode) unique).
    """
    return Promise(
        table=table,
        guards=(
            _KEEP_MODE,
            constraint(table, f"{table}_id_mode", "UNIQUE (id, mode)"),
            _calling(table, "keep_mode", "BEFORE UPDATE OF mode", _KEEP_MODE),
            *(
                constraint(
                    table,
                    f"{table}_{column}_same_mode",
                    f"FOREIGN KEY ({column}, mode) REFERENCES {parent}(id, mode)"
                    " DEFERRABLE INITIALLY DEFERRED",
                )
                for column, parent in (follows or {}).items()
            ),
        ),
    )


def step(promise: Promise) -> migrations.RunSQL:
    """Return the migration step that makes the guards of ``promise``, and takes them back."""
    return migrations.RunSQL(
        sql=[sql for guard in promise.guards for sql in guard.create],
        reverse_sql=[sql for guard in reversed(promise.guards) for sql in guard.drop],
    )


def forbid_changes(table: str, *, erasable: Sequence[str] = ()) -> migrations.RunSQL:
    """Return the step that makes ``table`` append-only."""
    return step(append_only(table, erasable=erasable))


def keep_facts(
    table: str, *, frozen: Sequence[str], erasable: Sequence[str] = (), once: Sequence[str] = ()
) -> migrations.RunSQL:
    """Return the step that makes ``table`` keep its rows and facts."""
    return step(kept_facts(table, frozen=frozen, erasable=erasable, once=once))


def mode_steps(table: str, *, follows: Mapping[str, str] | None = None) -> migrations.RunSQL:
    """Return the step that fixes the mode of ``table``."""
    return step(fixed_mode(table, follows=follows))


def _calling(table: str, suffix: str, when: str, function: Guard, *arguments: str) -> Guard:
    """Return a trigger named after its table that calls ``function``, per row where it can."""
    level = "STATEMENT" if "TRUNCATE" in when else "ROW"
    said = ", ".join(f"'{argument}'" for argument in arguments)
    rest = f"FOR EACH {level} EXECUTE FUNCTION {function.name}({said})"
    return trigger(table, f"{table}_{suffix}", when, rest)
