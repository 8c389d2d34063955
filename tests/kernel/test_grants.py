"""The application's role: exactly the rights that are declared, and no way to more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, models
from psycopg.errors import InsufficientPrivilege

from kernel import grants
from kernel.append_only import AppendOnly
from kernel.grants import Right
from tests.ledger.conftest import _seal_files
from tests.ledger.entries import paid
from tests.owner import as_owner

__all__ = ["_seal_files"]

WRITE = {"SELECT", "INSERT", "UPDATE", "DELETE"}
# The only tables whose rows a page may read and not write.
FILLED_BY_MIGRATE = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
}
# Of these, what was told first stays; only these columns may change.
STATE_COLUMNS = {
    "approvals_approvalrequest": {
        *("state", "told_at", "reminded_at", "decided_at", "not_before", "execute_by"),
        *("closed_at", "why_closed", "superseded_by_id", "around"),  # the last to nothing
    },
    "approvals_stepup": {"used_at", "factor", "evidence"},
    "fulfillment_source": {
        *("state", "url", "final_url", "title", "text", "text_salt", "excerpt", "body"),
        *("emptied_at", "released_at", "released_by_id"),
    },
    "fulfillment_lookup": {
        *("asked", "state", "attempts", "next_attempt_at", "error", "source_id", "found"),
        *("found_count", "found_salt", "found_digest", "ended_at"),
        *("leased_until", "leased_by", "lease_token"),
    },
    "notices_noticepreference": {
        *("muted", "time_zone", "quiet_from", "quiet_until", "deputy_id", "deputy_from"),
        *("deputy_until", "changed_at"),
    },
    "revenue_stripewebhookevent": {
        *("state", "attempts", "waits_for", "next_attempt_at", "leased_until", "lease_token"),
        *("leased_by", "error_class", "error", "settled_at", "order_id", "trace_ref"),
        *("body", "emptied_at", "fact_sha256"),  # to nothing, and once
    },
    "revenue_refund": {"status", "undone_at"},
    "revenue_dispute": {"status", "reason", "evidence_due_at"},
    "revenue_refundrequest": {
        *("state", "attempts", "last_error", "next_check_at", "leased_until", "lease_token"),
        *("leased_by", "stripe_id", "reason"),  # the last two once, and to nothing
    },
    "toolrouter_safetysettings": {
        *("posture", "held_at", "stopped_at", "changed_at", "outreach_open"),
        *(
            "spend_open",
            "funding_share_percent",
            "two_people_from_minor",
            "two_people_currency",
            "decide_outbound_h",
        ),
        *("decide_spend_h", "decide_provisioning_h", "cap_raiser_waits"),
    },
    "toolrouter_projectsettings": {
        *("posture", "held_at", "stopped_at", "changed_at"),
    },
    "toolrouter_grant": {
        *("posture", "held_at", "stopped_at", "changed_at", "funded_minor"),
        *("frozen_at", "ended_at"),
    },
    "toolrouter_spendcap": {
        *("limit_minor", "changed_at"),
    },
    "toolrouter_runtoken": {
        *("last_used_at", "ended_at", "end_reason", "ended_by_id"),
    },
    "toolrouter_stop": {
        *("reason", "reason_salt", "released_by_id", "released_at", "release_reason"),
        *("release_reason_salt", "release_reason_digest"),
    },
    "toolrouter_incident": {
        *("reason", "reason_salt", "closed_by_id", "closed_at", "close_reason"),
        *("close_reason_salt", "close_reason_digest"),
    },
    "toolrouter_toolcall": {
        *("asked", "asked_salt", "state", "codes", "result_digest", "result_refs", "runs"),
        *("result", "claim_facts", "claimed_at", "deadline_at", "unknown_at", "absent_at"),
        *("closed_at", "look_at", "restored_at"),
    },
    "toolrouter_providerreceipt": {
        *("state", "differs", "read_at", "read_ref", "read_minor", "read_currency"),
        *("read_live", "read_key", "incident_id"),
    },
    "toolrouter_reservation": {"state", "closed_at"},
    "toolrouter_purchase": {
        *("state", "vendor_name", "what", "words_salt", "called_off_at", "called_off_why"),
        *("closed_at", "closed_by_id", "paid_minor", "paid_currency", "paid_on"),
        *("reason", "reason_salt", "reason_digest", "incident_id"),
    },
    "toolrouter_purchasereceipt": {"content", "salt", "sha256"},
    "toolrouter_seat": {"listed_at", "last_used_at", "refused", "refused_minute", "ended_at"},
    "toolrouter_seatbinding": {"closed_at", "freed_at"},
    "fulfillment_deliverable": {"state", "page", "pdf", "closed_at", "wrong_at", "erased_at"},
    "fulfillment_turn": {
        *("state", "next_attempt_at", "attempts", "lane", "binding_ref", "runtime_id", "sent_at"),
        *("deadline_at", "unknown_since", "stop_reason", "stop_asked_at", "outcome", "tokens"),
        *("ended_at", "cleared_at", "leased_until", "leased_by", "lease_token"),
    },
}


@pytest.fixture(autouse=True)
def _two_roles() -> None:
    if not settings.APPLICATION_ROLE:
        pytest.skip("needs two roles: set MIGRATION_DATABASE_URL beside DATABASE_URL")


@pytest.fixture(scope="module")
def application(django_db_setup: None) -> Iterator[psycopg.Connection]:
    """Log in with the password of pages and workers, as no fixture can: for good."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    with psycopg.connect(urlunsplit(url), autocommit=True) as login:
        yield login


def expected(model: type[models.Model]) -> set[Right]:
    """Say what follows from how a model is declared in Python."""
    table = model._meta.db_table
    if table in FILLED_BY_MIGRATE:
        return {Right(table, "SELECT")}
    if issubclass(model, AppendOnly):
        columns = {model._meta.get_field(name).column for name in model.ERASABLE}
    elif table in STATE_COLUMNS:
        columns = STATE_COLUMNS[table]
    else:
        tidy = {"MAINTAIN"} if connection.features.is_postgresql_17 else set()
        return {Right(table, privilege) for privilege in WRITE | tidy}
    return {
        Right(table, "SELECT"),
        Right(table, "INSERT"),
        *(Right(table, "UPDATE", column) for column in columns),
    }


@pytest.mark.django_db
def test_each_table_grants_exactly_what_its_model_declares() -> None:
    wanted = {Right("django_migrations", "SELECT")}
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.proxy and model._meta.app_label != "kernel_tests":
            wanted |= expected(model)
    given = grants.given(settings.APPLICATION_ROLE, using="default")

    of_tables = {
        right
        for right in given
        if right.privilege != "USAGE" and not right.table.startswith("kernel_tests")
    }
    assert sorted(map(str, of_tables ^ wanted)) == []


@pytest.mark.django_db
def test_what_was_given_by_hand_is_taken_back_and_what_was_taken_is_given() -> None:
    before = grants.given(settings.APPLICATION_ROLE, using="default")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("GRANT DELETE, UPDATE ON ledger_ledgerentry TO trinity_app")
        cursor.execute("GRANT UPDATE (facts) ON ledger_ledgerentry TO trinity_app")
        cursor.execute("GRANT INSERT ON auth_group_permissions TO trinity_app")
        cursor.execute("REVOKE ALL ON django_session, crm_activity FROM trinity_app")
        assert grants.given(settings.APPLICATION_ROLE, using="default") != before
        grants.give_after_migrate(using="default")

    assert grants.given(settings.APPLICATION_ROLE, using="default") == before
    assert grants.declared(using="default") == before


@pytest.mark.django_db
def test_a_role_that_is_not_there_is_one_sentence(settings: pytest.FixtureRequest) -> None:
    settings.APPLICATION_ROLE = "nobody_made_it"

    with pytest.raises(grants.RoleMissing, match="CREATE ROLE nobody_made_it LOGIN"):
        grants.give_after_migrate(using="default")


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE ledger_ledgerentry DISABLE TRIGGER ALL",
        "ALTER TABLE ledger_ledgerentry DISABLE TRIGGER USER",
        "DROP TRIGGER ledger_ledgerentry_append_only ON ledger_ledgerentry",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION trinity_append_only() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RETURN NEW; END $$",
        "ALTER FUNCTION trinity_append_only() RENAME TO gone",
        "DROP FUNCTION ledger_list_for_sealing() CASCADE",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE mine ()",
        "CREATE TEMPORARY TABLE ledger_posting ()",
        "CREATE SCHEMA mine",
        "CREATE VIEW mine AS SELECT 1",
        "CREATE TRIGGER mine BEFORE INSERT ON ledger_posting FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE mine AS ON INSERT TO ledger_posting DO INSTEAD NOTHING",
        "ALTER TABLE ledger_ledgerentry ADD COLUMN mine int",
        "DROP TABLE ledger_seal",
        "TRUNCATE django_session",
        "TRUNCATE ledger_unsealedentry",
        "DELETE FROM ledger_ledgerentry",
        "UPDATE ledger_ledgerentry SET event = event",
        "UPDATE ledger_posting SET amount_minor = 0",
        "DELETE FROM ledger_seal",
        "INSERT INTO ledger_posting SELECT * FROM ledger_posting FOR UPDATE",
        "DELETE FROM revenue_revenueevent",
        "UPDATE crm_activity SET kind = 'note'",
        "INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (1, 1)",
        "UPDATE auth_group SET name = 'owner'",
        "DELETE FROM django_migrations",
        "SET ROLE trinity",
        "SET SESSION AUTHORIZATION trinity",
        "ALTER ROLE trinity_app CREATEDB",
        "CREATE ROLE mine SUPERUSER",
        "CREATE DATABASE mine",
        "ALTER TABLE ledger_ledgerentry OWNER TO trinity_app",
        "COPY ledger_seal TO PROGRAM 'cat'",
        "COPY django_session FROM '/etc/passwd'",
        "SELECT setval('django_session_id_seq', 1)",
    ],
)
def test_the_application_is_refused(application: psycopg.Connection, sql: str) -> None:
    sql = sql.replace("django_session_id_seq", "crm_contact_id_seq")
    with pytest.raises(InsufficientPrivilege):
        application.execute(sql.encode())


@pytest.mark.django_db(transaction=True)
def test_an_entry_cannot_be_deleted_in_the_seconds_before_it_is_sealed(
    application: psycopg.Connection,
) -> None:
    entry = paid()

    with pytest.raises(InsufficientPrivilege):
        application.execute("DELETE FROM ledger_ledgerentry WHERE id = %s", [entry.entry_id])


def test_the_application_owns_nothing_and_is_nobody_special(
    application: psycopg.Connection,
) -> None:
    owned = application.execute(
        "SELECT (SELECT count(*) FROM pg_class WHERE relowner = me.oid)"
        " + (SELECT count(*) FROM pg_proc WHERE proowner = me.oid)"
        " + (SELECT count(*) FROM pg_namespace WHERE nspowner = me.oid)"
        " + (SELECT count(*) FROM pg_database WHERE datdba = me.oid)"
        " + (SELECT count(*) FROM pg_auth_members WHERE member = me.oid),"
        " rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
        " FROM pg_roles me WHERE rolname = current_user"
    ).fetchone()
    assert owned == (0, False, False, False, False, False)
    [(user, session)] = application.execute("SELECT current_user, session_user").fetchall()
    assert (user, session) == (settings.APPLICATION_ROLE, settings.APPLICATION_ROLE)


@pytest.mark.django_db
def test_no_function_of_ours_lends_the_owners_rights() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
        )
        assert cursor.fetchall() == []


@pytest.mark.django_db(transaction=True)
def test_a_temporary_table_hides_nothing_from_the_ledgers_triggers() -> None:
    """Whoever may make one (here the owner) has the real postings summed all the same."""
    entry = paid(postings=None)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE ledger_posting (LIKE public.ledger_posting)")
        try:
            with pytest.raises(DatabaseError, match="sum to zero"):
                cursor.execute(
                    "INSERT INTO public.ledger_posting (entry_id, account, amount_minor, currency)"
                    " VALUES (%s, 'a:b', 1, 'USD')",
                    [entry.entry_id],
                )
        finally:
            cursor.execute("DROP TABLE pg_temp.ledger_posting")
