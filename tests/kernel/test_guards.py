"""What the database must hold is what apps declare, what migrations make, and what is found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from psycopg.sql import SQL, Identifier

from kernel import grants, guard_check, guards, recorded
from kernel.append_only import AppendOnly
from kernel.guards import Guard, Kind, Promise
from kernel.schema import append_only, trigger, trigger_function
from tests.owner import as_owner
from trinity.doctor import database
from trinity.doctor.findings import Level
from trinity.stack.home import Home

pytestmark = pytest.mark.django_db
EMPTY = "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"


@pytest.fixture
def owner() -> Iterator[None]:
    with as_owner():
        yield


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


def found() -> list[str]:
    return [str(fault) for fault in guard_check.faults(using="default")]


def test_what_migrations_made_of_nothing_is_what_apps_declare() -> None:
    """The test database was made by them; nothing else makes guards."""
    assert found() == []
    kinds = {guard.kind for guard in guards.declared()}
    assert kinds == {Kind.FUNCTION, Kind.TRIGGER, Kind.CONSTRAINT}
    assert all(guard.definition for guard in guards.declared())


def test_every_append_only_model_and_every_mode_is_guarded() -> None:
    names = {guard.name for guard in guards.declared()}
    models = [model for model in apps.get_models() if not model._meta.proxy]
    history = {m._meta.db_table for m in models if issubclass(m, AppendOnly)}
    moded = {
        model._meta.db_table
        for model in models
        if any(field.name == "mode" and not field.editable for field in model._meta.fields)
    }

    assert len(history) > 14
    assert {f"{table}_append_only" for table in history} - names == set()
    assert {table for table in moded - history if f"{table}_keep_mode" not in names} == set()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "DROP TRIGGER ledger_legs_sum_to_zero ON ledger_posting",
            "trigger ledger_legs_sum_to_zero of ledger_posting is missing",
        ),
        (
            "ALTER TABLE ledger_seal DISABLE TRIGGER ledger_seal_no_truncate",
            "trigger ledger_seal_no_truncate of ledger_seal is switched off",
        ),
        (
            "ALTER TABLE ledger_seal ENABLE REPLICA TRIGGER ledger_seal_append_only",
            "trigger ledger_seal_append_only of ledger_seal is switched off",
        ),
        (
            f"CREATE OR REPLACE FUNCTION trinity_append_only() {EMPTY}",
            "function trinity_append_only is not as declared",
        ),
        (
            "ALTER FUNCTION ledger_list_for_sealing() SECURITY DEFINER",
            "function ledger_list_for_sealing is not as declared",
        ),
        (
            "DROP TRIGGER crm_activity_append_only ON crm_activity;"
            "CREATE TRIGGER crm_activity_append_only BEFORE DELETE OR UPDATE ON crm_activity"
            " FOR EACH ROW EXECUTE FUNCTION trinity_append_only('words', 'words_salt', 'kind')",
            "trigger crm_activity_append_only of crm_activity is not as declared",
        ),
        (
            "DROP TRIGGER crm_deal_keep_mode ON crm_deal;"
            "CREATE TRIGGER crm_deal_keep_mode BEFORE UPDATE OF mode ON crm_deal"
            " FOR EACH ROW WHEN (false) EXECUTE FUNCTION trinity_keep_mode()",
            "trigger crm_deal_keep_mode of crm_deal is not as declared",
        ),
        (
            "CREATE TRIGGER aside BEFORE INSERT ON ledger_posting"
            " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "trigger aside of ledger_posting was declared by nobody",
        ),
        (
            "CREATE RULE aside AS ON INSERT TO ledger_posting DO INSTEAD NOTHING",
            "rule aside of ledger_posting was declared by nobody",
        ),
        (
            "ALTER TABLE ledger_seal DROP CONSTRAINT ledger_seal_hashes_have_32_bytes",
            "constraint ledger_seal_hashes_have_32_bytes of ledger_seal is missing",
        ),
        (
            "ALTER TABLE ledger_seal DROP CONSTRAINT ledger_seal_hashes_have_32_bytes;"
            "ALTER TABLE ledger_seal"
            " ADD CONSTRAINT ledger_seal_hashes_have_32_bytes CHECK (true)",
            "constraint ledger_seal_hashes_have_32_bytes of ledger_seal is not as declared",
        ),
        (
            "ALTER TABLE ledger_posting DROP CONSTRAINT ledger_account_is_a_path",
            "constraint ledger_account_is_a_path of ledger_posting is missing",
        ),
        (
            "ALTER TABLE ledger_posting DROP CONSTRAINT ledger_account_is_a_path;"
            "ALTER TABLE ledger_posting ADD CONSTRAINT ledger_account_is_a_path"
            " CHECK (account ~ '^[a-z0-9_:]+$') NOT VALID",
            "constraint ledger_account_is_a_path of ledger_posting is not as declared",
        ),
        (
            "ALTER TABLE ledger_posting DROP CONSTRAINT ledger_account_is_a_path;"
            "ALTER TABLE ledger_posting ADD CONSTRAINT ledger_account_is_a_path"
            " CHECK (account <> '')",
            "constraint ledger_account_is_a_path of ledger_posting is not as declared",
        ),
        (
            "ALTER TABLE revenue_order DROP CONSTRAINT order_disputes_bring_no_gain;"
            "ALTER TABLE revenue_order ADD CONSTRAINT order_disputes_bring_no_gain"
            " CHECK (disputed_minor >= 0 OR state = 'paid')",
            "constraint order_disputes_bring_no_gain of revenue_order is not as declared",
        ),
        (  # of a field's type: no model names it
            "ALTER TABLE revenue_order DROP CONSTRAINT revenue_order_amount_minor_check",
            "constraint revenue_order_amount_minor_check of revenue_order is missing",
        ),
        (
            "ALTER TABLE revenue_refund DROP CONSTRAINT revenue_refund_order_id_same_mode",
            "constraint revenue_refund_order_id_same_mode of revenue_refund is missing",
        ),
    ],
)
@pytest.mark.usefixtures("owner")
def test_what_was_changed_by_hand_is_named_and_put_right(sql: str, said: str) -> None:
    run(sql)
    assert found() == [said]

    assert [str(fault) for fault in guard_check.restore(using="default")] == [said]

    assert found() == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "ALTER TABLE ledger_posting DROP CONSTRAINT ledger_one_leg_per_account",
            "unique index ledger_one_leg_per_account of ledger_posting is missing",
        ),
        (
            "DROP INDEX reconcile_one_at_a_time",
            "unique index reconcile_one_at_a_time of revenue_reconcilerun is missing",
        ),
        (
            "ALTER TABLE ledger_posting DROP CONSTRAINT ledger_one_leg_per_account;"
            "CREATE UNIQUE INDEX ledger_one_leg_per_account ON ledger_posting (entry_id, account)"
            " WHERE amount_minor > 0",
            "unique index ledger_one_leg_per_account of ledger_posting is not as declared",
        ),
    ],
)
@pytest.mark.usefixtures("owner")
def test_a_constraint_of_a_model_that_does_not_hold_is_named(sql: str, said: str) -> None:
    run(sql)

    [fault] = guard_check.faults(using="default")

    assert str(fault) == said
    assert fault.repair == []  # its migration made it


@pytest.mark.usefixtures("owner")
def test_what_a_dump_restored_is_no_other_constraint() -> None:
    """A dump holds what Postgres prints, and lists of words are then printed in another way."""
    made = 0
    for guard in recorded.as_recorded():
        if guard.kind == Kind.CONSTRAINT:
            run(*guard.drop, *guard.create)
            made += 1
        elif " WHERE " in guard.definition:
            run(f"DROP INDEX {guard.name}", guard.definition)

    assert made > 100
    assert found() == []


def test_a_setting_that_lets_triggers_sleep_is_named() -> None:
    assert guard_check.asleep_for(using="default") == []
    told = connection.settings_dict
    name, role = told["NAME"], settings.APPLICATION_ROLE
    scope = SQL("ROLE {} IN DATABASE {}").format(Identifier(role), Identifier(name))
    with psycopg.connect(
        host=told["HOST"] or told["OPTIONS"]["host"],
        port=told["PORT"] or None,
        user="postgres",
        password=Home(Path(os.environ["TRINITY_HOME"])).secret("postgres-superuser-password"),
        dbname=name,
        autocommit=True,
    ) as superuser:
        superuser.execute(SQL("ALTER {} SET session_replication_role = replica").format(scope))
        try:
            named = guard_check.asleep_for(using="default")
            seen = list(database.look_at_database())
        finally:
            superuser.execute(SQL("ALTER {} RESET session_replication_role").format(scope))

    assert named == [f"session_replication_role=replica for {role} in {name}"]
    [finding] = [each for each in seen if "session_replication_role" in each.words]
    assert (finding.what, finding.level) == ("guards", Level.BAD)


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ("UNIQUE (stripe_id)", "unique index on stripe_id"),
        ("FOREIGN KEY (order_id) %", "foreign key on order_id"),
    ],
)
@pytest.mark.usefixtures("owner")
def test_a_key_of_a_field_that_was_dropped_is_named(definition: str, said: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'revenue_refund'::regclass"
            " AND pg_get_constraintdef(oid) LIKE %s",
            [definition],
        )
        [(name,)] = cursor.fetchall()
        cursor.execute(f"ALTER TABLE revenue_refund DROP CONSTRAINT {name}")

    assert found() == [f"{said} of revenue_refund is missing"]


@pytest.mark.usefixtures("owner")
def test_a_trigger_that_calls_a_function_of_the_same_name_elsewhere_is_named() -> None:
    run(
        "CREATE SCHEMA aside",
        f"CREATE FUNCTION aside.trinity_keep_mode() {EMPTY}",
        "DROP TRIGGER crm_deal_keep_mode ON crm_deal",
        "CREATE TRIGGER crm_deal_keep_mode BEFORE UPDATE OF mode ON crm_deal"
        " FOR EACH ROW EXECUTE FUNCTION aside.trinity_keep_mode()",
        "SET LOCAL search_path = aside, public",  # now it prints as ours would
    )

    assert "trigger crm_deal_keep_mode of crm_deal is not as declared" in found()


@pytest.mark.usefixtures("owner")
def test_all_of_a_function_and_its_triggers_are_put_back() -> None:
    calling = [each for each in guards.declared() if "trinity_keep_facts()" in each.definition]
    calling += [each for each in guards.declared() if "trinity_keep_facts('" in each.definition]
    run("DROP FUNCTION trinity_keep_facts() CASCADE")
    assert len(found()) == len(calling) > 3 * 4

    guard_check.restore(using="default")

    assert found() == []
    with pytest.raises(DatabaseError, match="keeps its rows"), transaction.atomic():
        run("TRUNCATE revenue_refund CASCADE")


@pytest.mark.usefixtures("owner")
def test_what_keys_refer_to_is_put_back_before_them() -> None:
    run("ALTER TABLE revenue_order DROP CONSTRAINT revenue_order_id_mode CASCADE")
    assert len(found()) > 5

    guard_check.restore(using="default")

    assert found() == []


@pytest.mark.usefixtures("owner")
def test_a_trigger_that_was_dropped_gives_nobody_a_right() -> None:
    """The grants follow from what is declared: migrate does not open what somebody unlocked."""
    if not settings.APPLICATION_ROLE:
        pytest.skip("needs two roles: set MIGRATION_DATABASE_URL beside DATABASE_URL")
    before = grants.given(settings.APPLICATION_ROLE, using="default")
    run("DROP TRIGGER ledger_seal_append_only ON ledger_seal")

    grants.give_after_migrate(using="default")

    assert grants.given(settings.APPLICATION_ROLE, using="default") == before


def test_a_guard_is_declared_in_one_way() -> None:
    function = trigger_function("aside", "BEGIN RETURN NEW; END")
    one = Promise(table="aside", guards=(function,))
    guards.register(one)
    try:
        other = Promise(table="b", guards=(trigger_function("aside", "BEGIN RETURN OLD; END"),))
        with pytest.raises(ValueError, match="function aside is declared in two ways"):
            guards.register(other)
    finally:
        guards.forget(one)
    assert "aside" not in {guard.name for guard in guards.declared()}


def test_a_guard_is_made_by_the_text_that_finds_it() -> None:
    [function, rows, whole] = append_only("remark", erasable=["words"]).guards

    assert function.create == [function.definition]
    assert rows.create == [
        "CREATE TRIGGER remark_append_only BEFORE DELETE OR UPDATE ON public.remark"
        " FOR EACH ROW EXECUTE FUNCTION trinity_append_only('words')"
    ]
    assert whole.drop == ["DROP TRIGGER IF EXISTS remark_no_truncate ON remark"]
    assert trigger("t", "n", "AFTER INSERT", "DEFERRABLE FOR EACH ROW EXECUTE FUNCTION f()") == (
        Guard(
            Kind.TRIGGER,
            "t",
            "n",
            "CREATE CONSTRAINT TRIGGER n AFTER INSERT ON public.t"
            " DEFERRABLE FOR EACH ROW EXECUTE FUNCTION f()",
        )
    )
