"""The pages of leads, deals, contacts and companies: who sees what, and what a button does."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.models import Activity, Contact, Deal
from crm.operations import seed_sample
from crm.queries.lists import ROWS_PER_PAGE
from crm.usecases.request_snapshot import SnapshotRequest, request_snapshot
from kernel.references import new_reference
from tests.factories.crm import NOON, CompanyFactory, ContactFactory, DealFactory
from tests.factories.people import client_of, make_person
from tests.statements import counts_without_end

pytestmark = pytest.mark.django_db(transaction=True)

SECRETS = ["Grace", "grace@crunchline.example", "Crunchline", "dental practices"]
SQL_MAX = {"leads": 10, "deals": 10, "contacts": 10, "deal": 15, "contact": 12, "company": 12}


@pytest.fixture
def me() -> User:
    return make_person("operator")


@pytest.fixture
def operator(me: User) -> Client:
    return client_of(me)


@pytest.fixture
def auditor() -> Client:
    return client_of(make_person("auditor"))


@pytest.fixture
def lead() -> Deal:
    request_snapshot(
        asked=SnapshotRequest(
            name="Grace Hopper", email="grace@crunchline.example", company="Crunchline",
            website="https://crunchline.example", wish="Look at dental practices.",
        ),
        trace_ref=new_reference("trc"), mode="sandbox", now=NOON,
    )  # fmt: skip
    return Deal.objects.select_related("contact", "company").get()


def pages(deal: Deal) -> dict[str, str]:
    return {
        "leads": "/console/leads/",
        "deals": "/console/deals/",
        "deal": f"/console/deals/{deal.reference}/",
        "contacts": "/console/contacts/",
        "contact": f"/console/contacts/{deal.contact.reference}/",
        "company": f"/console/companies/{deal.company.reference}/",
    }


def seen(page: bytes, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.encode() in page]


def test_nobody_comes_in_without_a_login(lead: Deal) -> None:
    for address in pages(lead).values():
        answer = Client().get(address)
        assert (answer.status_code, answer.headers["Location"][:16]) == (302, "/accounts/login/")


def test_an_operator_sees_who_asks_and_for_what(operator: Client, lead: Deal) -> None:
    shown = {name: operator.get(address) for name, address in pages(lead).items()}

    assert {answer.status_code for answer in shown.values()} == {200}
    for name in ("leads", "deal", "contact", "company"):
        assert seen(shown[name].content, SECRETS[:1] + SECRETS[2:]) == SECRETS[:1] + SECRETS[2:], (
            name
        )


def test_an_auditor_sees_deals_without_the_people(auditor: Client, lead: Deal) -> None:
    for name in ("leads", "deals", "deal"):
        answer = auditor.get(pages(lead)[name])
        assert (answer.status_code, seen(answer.content, SECRETS)) == (200, []), name
        assert lead.reference.encode() in answer.content

    for name in ("contacts", "contact", "company"):
        assert auditor.get(pages(lead)[name]).status_code == 403


def test_an_auditor_finds_no_button_and_no_door(auditor: Client, lead: Deal) -> None:
    page = auditor.get(pages(lead)["deal"]).content
    verbs = ["accept", "decline", "note", "owner", "move", "checkout", "payment-link"]

    assert seen(page, [f"/{lead.reference}/{verb}/" for verb in verbs]) == []
    for verb in verbs:
        answer = auditor.post(f"/console/deals/{lead.reference}/{verb}/", {"reason": "x"})
        assert answer.status_code == 403, verb
    lead.refresh_from_db()
    assert lead.stage == "lead"


def test_the_admin_hides_titles_from_an_auditor(lead: Deal) -> None:
    for role, hidden in (("operator", False), ("auditor", True)):
        page = client_of(make_person(role)).get(f"/admin/crm/deal/{lead.pk}/change/")
        assert page.status_code == 200
        assert (b"Crunchline" not in page.content) is hidden, role


def test_doors_open_by_post_only(operator: Client, lead: Deal) -> None:
    for verb in ("accept", "decline", "note", "owner", "move"):
        answer = operator.get(f"/console/deals/{lead.reference}/{verb}/")
        assert (answer.status_code, answer["Location"]) == (
            302,
            f"/console/deals/{lead.reference}/",
        )
    lead.refresh_from_db()
    assert lead.stage == "lead"


def test_what_is_not_there_is_404(operator: Client) -> None:
    for kind, verb in (("deals", ""), ("contacts", ""), ("companies", ""), ("deals", "accept/")):
        address = f"/console/{kind}/{new_reference('deal')}/{verb}"
        answer = operator.post(address) if verb else operator.get(address)
        assert answer.status_code == 404, address


def test_accepting_by_button(operator: Client, lead: Deal) -> None:
    answer = operator.post(f"/console/deals/{lead.reference}/accept/", follow=True)

    lead.refresh_from_db()
    assert (lead.stage, answer.redirect_chain) == ("qualified", [(pages(lead)["deal"], 302)])
    assert "Accepted." in answer.content.decode()

    again = operator.post(f"/console/deals/{lead.reference}/accept/", follow=True)
    assert "already answered" in again.content.decode()


def test_declining_without_a_reason_asks_for_one(operator: Client, lead: Deal) -> None:
    answer = operator.post(f"/console/deals/{lead.reference}/decline/", {"reason": " "})

    lead.refresh_from_db()
    assert (answer.status_code, lead.stage) == (200, "lead")
    assert "A declined lead has a reason." in answer.content.decode()

    operator.post(f"/console/deals/{lead.reference}/decline/", {"reason": "Not for us."})
    lead.refresh_from_db()
    assert lead.stage == "lost"


def test_a_note_is_text_and_not_markup(operator: Client, lead: Deal) -> None:
    operator.post(f"/console/deals/{lead.reference}/note/", {"words": "<b>x</b>\nsecond line"})
    page = operator.get(pages(lead)["deal"]).content.decode()

    assert "&lt;b&gt;x&lt;/b&gt;<br>second line" in page


def test_a_note_reads_as_it_was_written(operator: Client, lead: Deal) -> None:
    operator.post(f"/console/deals/{lead.reference}/note/", {"words": "\u202eevil\nline"})

    assert Activity.objects.get(kind="note").words == "evil\nline"


def test_too_long_a_note_is_given_back(operator: Client, lead: Deal) -> None:
    words = "x" * 4001
    answer = operator.post(f"/console/deals/{lead.reference}/note/", {"words": words})

    assert words in answer.content.decode()
    assert not Activity.objects.filter(kind="note").exists()


def test_a_deal_moves_and_changes_hands_by_button(operator: Client, me: User) -> None:
    deal = DealFactory(stage="qualified")

    operator.post(f"/console/deals/{deal.reference}/owner/", {"owner": me.pk})
    operator.post(f"/console/deals/{deal.reference}/move/", {"stage": "proposal", "reason": ""})
    refused = operator.post(
        f"/console/deals/{deal.reference}/move/", {"stage": "won", "reason": ""}, follow=True
    )

    deal.refresh_from_db()
    assert (deal.stage, deal.owner_id) == ("proposal", me.pk)
    assert "Nothing was changed" in refused.content.decode()
    assert f"Reassigned: {me.email}" in refused.content.decode()


def test_deals_are_narrowed_by_stage_mode_and_owner(operator: Client, me: User) -> None:
    mine = DealFactory(stage="proposal", mode="test", owner=me)
    DealFactory(stage="proposal", mode="test")
    DealFactory(stage="proposal", owner=me)
    DealFactory(mode="test", owner=me)

    answer = operator.get("/console/deals/", {"stage": "proposal", "mode": "test", "owner": me.pk})

    assert [deal.reference for deal in answer.context["deals"]] == [mine.reference]


@pytest.mark.parametrize(
    "query",
    [
        "stage=nonsense",
        "mode=%00",
        "owner=x",
        "before=x",
        "before=-1",
        "after=9e99",
        "before=" + "9" * 40,
    ],
)
def test_an_address_that_makes_no_sense_is_a_list(operator: Client, query: str) -> None:
    deal = DealFactory()

    answer = operator.get(f"/console/deals/?{query}")

    assert [row.reference for row in answer.context["deals"]] == [deal.reference]


def test_pages_follow_each_other_both_ways(operator: Client) -> None:
    newest_first = [DealFactory().reference for _ in range(2 * ROWS_PER_PAGE + 5)][::-1]
    address, walked, last = "/console/deals/?mode=sandbox", [], ""
    while address:
        answer = operator.get(address)
        walked += [deal.reference for deal in answer.context["deals"]]
        last, older = address, answer.context["older_address"]
        address = older and f"/console/deals/{older}"

    assert walked == newest_first
    newer = operator.get(f"/console/deals/{operator.get(last).context['newer_address']}")
    assert [deal.reference for deal in newer.context["deals"]] == newest_first[50:100]
    assert "mode=sandbox" in newer.context["older_address"]


def test_contacts_are_found_by_the_beginning_of_their_address(operator: Client) -> None:
    found = ContactFactory(email="grace@crunchline.example")
    ContactFactory(email="ada@grace.example")
    ContactFactory(email="g%ace@crunchline.example")

    answer = operator.get("/console/contacts/", {"q": " GRAC"})

    assert [row.reference for row in answer.context["contacts"]] == [found.reference]


@pytest.mark.parametrize(
    "written", ["jürgen@bücher.example", "Jürgen@BÜCHER.example", "ﬁona@straße.example"]
)
def test_a_contact_is_found_by_the_address_that_its_page_shows(
    operator: Client, written: str
) -> None:
    found = Contact.of_stranger(email=written, name="J", company_id=CompanyFactory().pk, now=NOON)
    ContactFactory(email="ada@grace.example")
    page = operator.get(f"/console/contacts/{found.reference}/").content.decode()
    assert found.email in page

    answer = operator.get("/console/contacts/", {"q": found.email})

    assert [row.reference for row in answer.context["contacts"]] == [found.reference]
    assert found.reference in operator.get("/console/search/", {"q": written}).content.decode()


def test_a_company_is_found_by_the_domain_that_its_visitors_type(operator: Client) -> None:
    company = CompanyFactory(domain="xn--bcher-kva.example")

    for asked in ("bücher.example", "BÜCHER.example", "xn--bcher-kva.example"):
        assert company.reference in operator.get("/console/search/", {"q": asked}).content.decode()


def test_pages_cost_the_same_however_much_there_is(operator: Client) -> None:
    company = CompanyFactory()
    contact = ContactFactory(company=company)
    deals = [DealFactory(contact=contact, company=company) for _ in range(30)]
    seed_sample(rows=500, now=NOON)
    for deal in deals:
        for number in range(3):
            Activity.append(key=f"{deal.pk}:{number}", kind="note", deal_id=deal.pk, now=NOON)

    for name, address in pages(deals[0]).items():
        with CaptureQueriesContext(connection) as captured:
            assert operator.get(address).status_code == 200
        assert len(captured) <= SQL_MAX[name], (name, [q["sql"][:90] for q in captured])
        assert not any(counts_without_end(query["sql"]) for query in captured), name


def test_leads_are_those_of_this_deployment_unless_asked_otherwise(operator: Client) -> None:
    ours, sample = DealFactory().reference, DealFactory(mode="sample").reference

    def shown(query: str) -> list[str]:
        return [
            lead.reference for lead, _ in operator.get(f"/console/leads/{query}").context["leads"]
        ]

    assert shown("") == shown("?mode=nonsense") == [ours]
    assert shown("?mode=any") == [sample, ours]
    assert shown("?mode=sample") == [sample]
    assert shown("?mode=live") == []


def test_the_list_of_leads_tells_the_wish_on_one_line(operator: Client) -> None:
    request_snapshot(
        asked=SnapshotRequest(
            name="Ada Lovelace", email="ada@buyer.example", company="Analytical Engines",
            website="", wish="Look at mills.\n\nAnd at\nlooms.",
        ),
        trace_ref=new_reference("trc"), mode="sandbox", now=NOON,
    )  # fmt: skip

    shown = operator.get("/console/leads/").content.decode()

    assert '<td class="clip">Look at mills. And at looms.</td>' in shown
    assert "ada@buyer.example" not in shown
