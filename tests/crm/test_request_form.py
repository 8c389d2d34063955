"""The public request: what it files, what it refuses, and what it never says."""

from __future__ import annotations

import re
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core import signing
from django.http import HttpResponse
from django.test import Client, override_settings

from crm.enums import DealStage
from crm.forms import FORM_SALT
from crm.models import Activity, Company, Contact, Deal
from crm.policy import HOME_PROJECT
from crm.views.public import POSTS_PER_VISITOR, REQUESTS_PER_EMAIL
from kernel.references import is_reference, new_reference
from ledger.models import LedgerEntry
from tests.factories.crm import CompanyFactory, ContactFactory

pytestmark = pytest.mark.django_db(transaction=True)

TYPED = {
    "name": "Grace Hopper",
    "email": "Grace@Crunchline.example",
    "company": "Crunchline Data Ltd",
    "website": "crunchline.example",
    "wish": "Which fifty dental practices in Austria should we talk to first?",
}


def send(client: Client, **changes: str) -> HttpResponse:
    return client.post("/request/", {**TYPED, **changes})


def form_key(client: Client) -> str:
    page = client.get("/request/").content.decode()
    found = re.search(r'name="form_key" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def counts() -> tuple[int, int, int]:
    return Company.objects.count(), Contact.objects.count(), Deal.objects.count()


def test_a_request_becomes_a_lead(client: Client) -> None:
    answer = send(client, form_key=form_key(client))

    assert (answer.status_code, answer.headers["Location"]) == (302, "/request/thanks/")
    deal = Deal.objects.select_related("contact", "company", "project").get()
    assert (deal.stage, deal.mode, deal.project.name, deal.amount, deal.owner_id) == (
        DealStage.LEAD, settings.DEPLOYMENT_MODE, HOME_PROJECT, None, None,
    )  # fmt: skip
    assert is_reference(deal.trace_ref)
    assert (deal.contact.email, deal.contact.email_key, deal.contact.name) == (
        "Grace@Crunchline.example", "grace@crunchline.example", "Grace Hopper",
    )  # fmt: skip
    assert (deal.company.name, deal.company.domain, deal.company.website) == (
        "Crunchline Data Ltd", "crunchline.example", "https://crunchline.example",
    )  # fmt: skip
    line = Activity.objects.get()
    assert (line.kind, line.deal_id, line.words.splitlines()[0]) == (
        "snapshot_requested", deal.pk, TYPED["wish"],
    )  # fmt: skip


def test_nothing_invisible_stays_in_what_a_visitor_asks_for(client: Client) -> None:
    send(client, wish="Which \u202esecitcarp\u202c should\twe see?\r\n\r\nAll\u200b of them.")

    words = Activity.objects.get().words
    assert words.startswith("Which secitcarp should we see?\n\nAll of them.\n")


def test_a_wish_of_invisible_characters_is_no_wish(client: Client) -> None:
    answer = send(client, wish="\u202e" * 40)

    assert "A few more words, please" in answer.content.decode()
    assert not Deal.objects.exists()


def test_the_ledger_hears_of_a_lead_without_the_person(client: Client) -> None:
    send(client)

    entry, deal = LedgerEntry.objects.get(), Deal.objects.get()
    assert (entry.kind, entry.event, entry.subject, entry.trace_ref, entry.facts) == (
        "audit", "lead.received", deal.reference, deal.trace_ref, {"actor": "visitor"},
    )  # fmt: skip
    assert entry.refs == [deal.contact.reference]


def test_the_same_form_sent_twice_is_one_lead(client: Client) -> None:
    key = form_key(client)
    send(client, form_key=key)
    answer = send(client, form_key=key)

    assert answer.headers["Location"] == "/request/thanks/"
    assert counts() == (1, 1, 1)
    assert Activity.objects.count() == 1


def test_the_same_form_with_other_words_is_another_lead(client: Client) -> None:
    key = form_key(client)
    send(client, form_key=key)
    send(client, form_key=key, wish="I pressed back: please look at Graz only.")

    assert counts() == (1, 1, 2)
    assert len(set(Deal.objects.values_list("trace_ref", flat=True))) == 2


def test_nobody_chooses_a_trace(client: Client) -> None:
    mine = new_reference("trc")
    for forged in (
        mine,
        signing.dumps(mine, salt="another form"),
        signing.dumps([1], salt=FORM_SALT),
    ):
        send(client, form_key=forged)

    traces = set(Deal.objects.values_list("trace_ref", flat=True))
    assert mine not in traces
    assert all(is_reference(trace) for trace in traces)


def test_a_strangers_form_changes_nothing_that_is_known(client: Client) -> None:
    company = CompanyFactory(name="Crunchline", domain="crunchline.example", website="")
    contact = ContactFactory(email="grace@crunchline.example", name="Rear Admiral", company=company)

    send(client, name="Mallory", company="Mallory Inc", website="https://mallory.example")

    contact.refresh_from_db()
    company.refresh_from_db()
    assert (contact.name, contact.email, contact.company_id) == (
        "Rear Admiral", "grace@crunchline.example", company.pk,
    )  # fmt: skip
    assert (company.name, company.website) == ("Crunchline", "")
    assert counts() == (2, 1, 1)  # theirs is another company
    assert Deal.objects.select_related("company").get().company.name == "Mallory Inc"
    assert "Mallory" in Activity.objects.get().words


def test_strangers_at_one_provider_are_not_one_company(client: Client) -> None:
    """No list knows every provider; what does not fit the name is a company of its own."""

    def company_of(email: str, company: str, website: str = "") -> int | None:
        send(client, email=f"{email}@provider.example", company=company, website=website)
        return Deal.objects.latest("pk").company_id

    first = company_of("ada", "JS Inc")
    assert company_of("bob", " js  INC ") == first
    second = company_of("eve", "Flood")
    assert second != first
    assert company_of("joe", "FLOOD") == second
    site = company_of("kim", "Acme", "acme.example")
    assert site not in (first, second)
    assert company_of("lea", "Acme Corporation", "https://www.acme.example/about") == site
    assert Company.objects.count() == 3


def test_a_sample_contact_is_never_met(client: Client) -> None:
    sample = ContactFactory(email="grace@crunchline.example", is_sample=True)

    send(client)

    assert Deal.objects.get().contact_id != sample.pk


def test_the_answer_is_the_same_for_known_and_unknown(client: Client) -> None:
    unknown = send(client)
    Client().post("/request/", {**TYPED, "email": "other@crunchline.example"})
    known = send(Client())

    def seen(answer: HttpResponse) -> tuple[int, bytes, str]:
        return answer.status_code, answer.content, answer.headers["Location"]

    assert seen(known) == seen(unknown)


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "", "Tell us your name"),
        ("name", "   ", "Tell us your name"),
        ("name", "!!!", "Write your name in letters."),
        ("name", "see https://spam.example", "without a web address"),
        ("name", "x" * 201, "at most 200 characters"),
        ("email", "", "Tell us an e-mail address"),
        ("email", "grace", "This is no e-mail address"),
        ("email", "grace@" + "a" * 250 + ".example", "no e-mail address"),
        ("company", "", "which company"),
        ("company", "x" * 151, "at most 150 characters"),
        ("website", "not a site", "This is no web address"),
        ("website", "javascript://alert(1)", "This is no web address"),
        ("website", "https://" + "x" * 300, "at most 300 characters"),
        ("wish", "", "what we should look at"),
        ("wish", "help", "A few more words"),
        ("wish", "x" * 2001, "at most 2000 characters"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(
    client: Client, field: str, typed: str, sentence: str
) -> None:
    answer = send(client, **{field: typed})
    page = answer.content.decode()

    assert answer.status_code == 200
    assert counts() == (0, 0, 0)
    assert sentence in page
    assert list(answer.context["form"].errors) == [field]
    for name, kept in {**TYPED, field: typed}.items():
        assert answer.context["form"][name].value() == kept


def test_control_characters_do_not_reach_the_database(client: Client) -> None:
    send(client, name="Grace\u202e\u0007 Hopper", company="Crunch\u200bline\n\tLtd")

    deal = Deal.objects.select_related("contact", "company").get()
    assert (deal.contact.name, deal.company.name) == ("Grace Hopper", "Crunchline Ltd")


def test_a_zero_byte_is_refused(client: Client) -> None:
    assert send(client, wish="Which practices\0 should we talk to?").status_code == 200
    assert counts() == (0, 0, 0)


def test_what_was_typed_is_text_and_not_markup(client: Client) -> None:
    page = send(client, email="", name="<script>alert(1)</script>").content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_program_that_fills_in_everything_files_nothing(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = send(client, nickname="bot")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/request/thanks/")
    assert counts() == (0, 0, 0)
    assert "grace" not in caplog.text.lower()
    assert not LedgerEntry.objects.exists()


def test_a_form_without_its_csrf_token_is_refused() -> None:
    answer = send(Client(enforce_csrf_checks=True))

    assert answer.status_code == 403
    assert counts() == (0, 0, 0)


def test_one_visitor_may_not_ask_for_ever(client: Client) -> None:
    for number in range(POSTS_PER_VISITOR):
        assert send(client, email=f"grace{number}@crunchline.example").status_code == 302

    answer = send(client, email="grace-again@crunchline.example")

    assert answer.status_code == 429
    assert Deal.objects.count() == POSTS_PER_VISITOR
    assert "Nothing was sent" in answer.content.decode()
    assert answer.context["form"]["wish"].value() == TYPED["wish"]


def test_one_address_may_not_be_asked_for_ever(client: Client) -> None:
    for number in range(REQUESTS_PER_EMAIL):
        visitor = Client(REMOTE_ADDR=f"192.0.2.{number}")
        assert send(visitor, email="GRACE@crunchline.example ").status_code == 302

    assert send(Client(REMOTE_ADDR="192.0.2.99")).status_code == 429
    assert Deal.objects.count() == REQUESTS_PER_EMAIL


def test_the_limits_keep_no_address(client: Client) -> None:
    send(client)

    keys = b" ".join(redis.Redis.from_url(settings.REDIS_URL).keys("*")).lower()
    assert b"limit:request_snapshot" in keys
    assert b"grace" not in keys
    assert b"127.0.0.1" not in keys


def test_with_the_limits_store_down_the_form_stays_open(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    down = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    with override_settings(CACHES={"default": down}):
        answer = send(client)

    assert answer.status_code == 302
    assert Deal.objects.count() == 1
    assert "limit not counted" in caplog.text
    assert "grace" not in caplog.text.lower()


def test_the_pages_say_who_asks_and_how_to_be_forgotten(client: Client) -> None:
    form, thanks = client.get("/request/"), client.get("/request/thanks/")

    assert settings.SELLER_CONTACT in form.content.decode()
    assert "erased" in form.content.decode()
    assert thanks.status_code == 200


def leaks(page: bytes, secrets: list[str]) -> list[str]:
    return [secret for secret in secrets if secret.encode() in page]


def test_a_fresh_form_shows_nobody_elses_words(client: Client) -> None:
    send(client, email="")
    secrets: list[Any] = [*TYPED.values()]

    assert leaks(Client().get("/request/").content, secrets) == []
