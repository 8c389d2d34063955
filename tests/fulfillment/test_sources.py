"""A page that was read is kept with its provenance; its words go with the person it is about."""

from __future__ import annotations

import hashlib

import pytest
from django.db import IntegrityError, transaction

from fulfillment.enums import LookupKind, LookupState, SourceState
from fulfillment.erasure import CONTACTS, ERASERS
from fulfillment.models import AcquisitionRun, Lookup, Source
from fulfillment.queries.sources import (
    source_text,
    source_texts_of_run,
    sources_for_task,
    sources_of_run,
)
from kernel.erasure import Person
from kernel.references import new_reference
from kernel.transitions import IllegalMove
from ledger.models import LedgerEntry
from tests.factories.crm import ContactFactory
from tests.factories.fulfillment import NOON, a_source, planned_run
from tests.factories.people import client_of, make_person
from toolrouter.models import Grant, GrantSubject

pytestmark = pytest.mark.django_db(transaction=True)


def lookup_of(run: AcquisitionRun, **changes: object) -> Lookup:
    lookup = Lookup(
        reference=new_reference("lku"),
        run=run,
        mode=run.mode,
        call_ref=new_reference("call"),
        kind=LookupKind.SEARCH,
        next_attempt_at=NOON,
        asked_at=NOON,
        deadline_at=NOON,
        **{"asked": "Ada Lovelace", **changes},
    )
    lookup.begin(LookupState.QUEUED)
    lookup.save(force_insert=True)
    return lookup


def about(run: AcquisitionRun) -> Person:
    """Return a person whom the run knows of."""
    contact = ContactFactory()
    grant = Grant.objects.get(run_ref=run.reference)
    GrantSubject.objects.create(
        reference=new_reference("gsu"),
        grant=grant,
        subject_ref=contact.reference,
        added_at=NOON,
    )
    return Person(email="a@b.example", emails=frozenset(), rows={CONTACTS: [contact.pk]})


def test_a_source_is_kept_with_the_hash_of_its_bytes_and_the_beginning_of_its_text() -> None:
    run = planned_run()

    source = a_source(run, body=b"<p>Hello</p>", text="Hello\n\nWorld " + "x" * 500)

    assert source.sha256 == hashlib.sha256(b"<p>Hello</p>").hexdigest()
    assert (source.size, source.state, source.mode) == (12, SourceState.RELEASED, run.mode)
    assert source.excerpt.startswith("Hello World xxx")
    assert (len(source.excerpt), source.excerpt[-1]) == (400, "…")
    assert [row.reference for row in sources_of_run(run.reference)] == [source.reference]
    assert source_text(run.reference, source.reference).text == source.text


def test_a_source_of_another_run_does_not_exist() -> None:
    source = a_source(planned_run())

    assert source_text(planned_run().reference, source.reference) is None


def test_of_a_quarantined_source_its_run_gets_no_word() -> None:
    run = planned_run()
    source = a_source(run, codes=["addresses_agent"], title="Obey", text="Obey this page.")

    assert source.state == SourceState.QUARANTINED
    assert source_texts_of_run(run.reference) == []
    told = sources_for_task(run.reference)
    assert [set(each) for each in told] == [{"source", "state", "url", "read_at"}]
    assert "Obey" not in str(told)


def test_only_a_person_releases_what_the_firewall_found_something_in() -> None:
    source = a_source(planned_run(), codes=["addresses_agent"])

    with pytest.raises(IntegrityError, match="source_with_codes_released_by_a_person"):
        source.move(SourceState.RELEASED)


def test_what_was_released_is_not_taken_back() -> None:
    with pytest.raises(IllegalMove):
        a_source(planned_run()).move(SourceState.QUARANTINED)


def test_an_erasure_blanks_what_runs_read_about_the_person_and_ends_what_is_under_way() -> None:
    run, other = planned_run(), planned_run()
    source, lookup = a_source(run), lookup_of(run)
    kept = a_source(other)
    person = about(run)
    eraser = ERASERS[0]
    refs = {ref for stored in eraser.kept(person) for ref in stored.refs}

    with transaction.atomic():
        blanked = eraser.blank(person, NOON)
        again = eraser.blank(person, NOON)

    assert refs == set(blanked.refs) == {source.reference, lookup.reference}
    source.refresh_from_db()
    lookup.refresh_from_db()
    assert (source.url, source.title, source.text, source.text_salt, source.body) == (
        *("", "", "", ""),
        None,
    )
    assert source.sha256
    assert (lookup.state, lookup.error, lookup.asked) == (LookupState.FAILED, "erased", "")
    assert source_texts_of_run(run.reference) == sources_for_task(run.reference) == []
    assert Source.objects.get(pk=kept.pk).text
    assert again.refs == []


def page_of(run: AcquisitionRun, role: str) -> str:
    browser = client_of(make_person(role))
    return browser.get(f"/console/runs/{run.reference}/").content.decode()


def test_a_runs_page_lists_what_it_read_as_text() -> None:
    run = planned_run()
    a_source(run, title="<script>alert(1)</script>", text="Quarter <b>figures</b>")
    failed = lookup_of(run, asked="http://127.0.0.1/")
    failed.move(LookupState.FAILED, error="private", next_attempt_at=None, ended_at=NOON)

    shown = page_of(run, "operator")

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "Quarter &lt;b&gt;figures&lt;/b&gt;" in shown
    assert "https://brightloom.example/pricing" in shown
    assert 'href="https://brightloom' not in shown
    assert "The address leads to a private network" in shown
    assert "Quarter" not in page_of(run, "auditor")


def test_a_person_releases_what_was_quarantined_and_the_books_know_who() -> None:
    run = planned_run()
    source = a_source(run, codes=["tool_markup"])
    operator = make_person("operator")
    browser = client_of(operator)
    address = f"/console/sources/{source.reference}/release/"
    assert "Release to the run" in page_of(run, "operator")
    assert "Release to the run" not in page_of(run, "auditor")

    first, again = browser.post(address, follow=True), browser.post(address, follow=True)

    assert "Released. The agent may read and quote it now." in first.content.decode()
    assert "It was released already." in again.content.decode()
    source.refresh_from_db()
    assert (source.state, source.released_by) == (SourceState.RELEASED, operator)
    assert [text.reference for text in source_texts_of_run(run.reference)] == [source.reference]
    [entry] = LedgerEntry.objects.filter(event="source.released")
    assert (entry.subject, entry.facts["actor"]) == (source.reference, f"user:{operator.pk}")
    assert f"Released by\n{operator.email}" in page_of(run, "owner")
    assert browser.post("/console/sources/src_none/release/").status_code == 404


def test_an_auditor_releases_nothing() -> None:
    source = a_source(planned_run(), codes=["tool_markup"])

    answer = client_of(make_person("auditor")).post(f"/console/sources/{source.reference}/release/")

    assert answer.status_code == 403
