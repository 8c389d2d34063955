"""The ledger's pages: for those who may read the books, and the keys for everybody."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kernel.modes import MODE_WORDS, Mode
from kernel.money import Money
from kernel.references import new_reference
from ledger import operations, queries
from ledger.models import Balance, Posting, Seal
from tests.factories.people import client_of, make_person
from tests.ledger.entries import TRACE, dollars, paid, seal

pytestmark = pytest.mark.django_db
LIST = "/console/ledger/"


@pytest.fixture
def auditor(db: None) -> Client:
    return client_of(make_person("auditor"))


def test_the_books_are_for_those_who_may_read_them(client: Client) -> None:
    recorded = paid()
    page = f"{LIST}{recorded.reference}/"
    nobody = client_of(make_person())

    for address in (LIST, page):
        assert client.get(address).status_code == 302
        assert client.get(address)["Location"].startswith("/accounts/login/")
        assert nobody.get(address).status_code == 403
        for role in ("owner", "operator", "auditor"):
            reader = client_of(make_person(role))
            assert reader.get(address).status_code == 200
            assert reader.post(address).status_code == 405


def test_the_list_shows_what_happened_and_what_lies_where(
    auditor: Client, django_assert_max_num_queries: Any
) -> None:
    paid(mode="sandbox", postings=dollars(150_000))
    operations.audit(actor_id=7, event="user.invited", subject="user:8", now=timezone.now())
    operations.seed_sample(count=1, now=timezone.now())
    seal()
    paid(mode="test")

    with django_assert_max_num_queries(10):
        html = auditor.get(LIST).content.decode()

    for words in (
        "Order paid", "User invited", "by user:7", "$1,500.00 USD", "3 entries are sealed",
        "1 wait for the next seal", "Balances <span class=\"badge sandbox\">",
        "Balances <span class=\"badge test\">", "Balances <span class=\"badge sample\">",
    ):  # fmt: skip
        assert words in html, words
    assert html.index('badge sandbox">sandbox</span></h3>') < html.index(
        'badge sample">sample</span></h3>'
    )
    assert "$1,501.00" not in html  # modes are never added


def test_who_acted_is_called_as_the_people_page_calls_them(auditor: Client) -> None:
    person = make_person("operator")
    for actor_id in (person.pk, None):
        operations.audit(
            actor_id=actor_id, event="deal.moved", subject=f"user:{person.pk}", now=timezone.now()
        )
    asked = operations.audit(
        actor_id=None,
        is_visitor=True,
        event="lead.received",
        subject=new_reference("deal"),
        now=timezone.now(),
    )

    html = auditor.get(LIST).content.decode()
    entry = auditor.get(f"{LIST}{asked.reference}/").content.decode()

    assert html.count(f'title="{person.username}"') == 3
    assert "user:" not in html
    for who in ("the system", "a visitor"):
        assert html.count(f'<span class="soft">by {who}</span>') == 1
    assert "Lead received by a visitor</h1>" in entry


def test_balances_stand_by_currency_and_credits_are_no_losses(auditor: Client) -> None:
    paid(postings=dollars(400))
    euros = {account: Money(sum_.amount_minor, "EUR") for account, sum_ in dollars(700).items()}
    paid(postings=euros)

    balances = auditor.get(LIST).content.decode().split("<h2>Account balances</h2>")[1]

    assert balances.index("EUR</th>") < balances.index("€7.00") < balances.index("USD</th>")
    assert "n neg" not in balances
    assert MODE_WORDS[Mode.SANDBOX] not in balances


def test_a_long_backlog_is_left_out_of_the_sums_and_said(
    auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Summing up what waits would take longer the longer nothing is sealed."""
    monkeypatch.setattr(queries, "COUNT_MAX", 2)
    paid(postings=dollars(150_000))
    seal()
    paid(postings=dollars(700))

    html = auditor.get(LIST).content.decode()
    assert "$1,507.00" in html
    assert "not in these sums" not in html

    paid(postings=dollars(700))
    html = auditor.get(LIST).content.decode()
    assert "$1,500.00" in html
    assert "More than 2 wait for the next seal." in html
    assert "The entries that wait for a seal are not in these sums yet." in html


def test_the_list_is_narrowed_and_paged(auditor: Client) -> None:
    mine = new_reference("trc")
    for number in range(60):
        paid(
            trace_ref=mine if number == 0 else TRACE, event="one.of_many" if number else "the.first"
        )

    first = auditor.get(LIST).content.decode()
    assert first.count("One of many") == 50
    assert "The first" not in first
    older = auditor.get(LIST + first.split('rel="next" href="')[1].split('"')[0]).content.decode()
    assert (older.count("One of many"), older.count("The first")) == (9, 1)
    narrowed = auditor.get(LIST, {"trace": f" {mine} "}).content.decode()
    assert (narrowed.count("One of many"), narrowed.count("The first")) == (0, 1)
    assert "No entries match these filters" in auditor.get(LIST, {"kind": "spend"}).content.decode()
    assert auditor.get(LIST, {"kind": "gossip", "before": "x"}).status_code == 200


def test_an_empty_ledger_says_what_will_appear(auditor: Client) -> None:
    html = auditor.get(LIST).content.decode()

    assert "No entry is sealed yet." in html
    assert "will appear" in html


def test_late_sealing_is_shouted(auditor: Client) -> None:
    paid(now=timezone.now() - timezone.timedelta(minutes=6))

    assert "Sealing is late" in auditor.get(LIST).content.decode()
    seal()
    assert "Sealing is late" not in auditor.get(LIST).content.decode()


def test_an_entry_shows_its_legs_and_its_proof(auditor: Client) -> None:
    recorded = paid(facts={"amount_minor": 100, "currency": "USD", "is_first": True})
    page = f"{LIST}{recorded.reference}/"
    assert "The next seal will cover this entry" in auditor.get(page).content.decode()
    for _ in range(2):
        paid()
    seal()

    html = auditor.get(page).content.decode()

    for words in ("Order paid", "−$1.00 USD", "Position 1, under seal 1", "Is first</dt>", ">yes<",
                  bytes(Seal.objects.get().merkle_root).hex(), TRACE):  # fmt: skip
        assert words in html, words
    assert auditor.get(f"{LIST}led_unknown/").status_code == 404


def test_the_keys_are_public_and_check_the_seals(client: Client) -> None:
    assert client.get(reverse("ledger-keys")).json()["keys"] == []
    paid()
    seal()

    answer = client.get("/.well-known/trinity-ledger-keys.json")

    (key,) = answer.json()["keys"]
    assert "public" in answer["Cache-Control"]
    assert key["key_id"] == Seal.objects.get().key_id
    assert Ed25519PublicKey.from_public_bytes(bytes.fromhex(key["public_key_hex"]))


def test_the_admin_shows_all_and_changes_nothing() -> None:
    root = User.objects.create_superuser("root", "root@example.com", "x" * 20)
    admin = client_of(root)
    recorded = paid()
    operations.audit(actor_id=7, event="user.invited", subject="user:8", now=timezone.now())
    seal()

    keys = {
        "ledgerentry": recorded.entry_id,
        "auditevent": recorded.entry_id + 1,
        "posting": Posting.objects.all()[0].pk,
        "balance": Balance.objects.all()[0].pk,
        "sealkey": Seal.objects.get().key_id,
        "sealedentry": 1,
        "seal": 1,
    }
    for model, key in keys.items():
        listed = admin.get(f"/admin/ledger/{model}/")
        assert listed.status_code == 200, model
        shown = admin.get(f"/admin/ledger/{model}/{key}/change/")
        assert shown.status_code == 200, model
        assert b'name="_save"' not in shown.content
        assert admin.get(f"/admin/ledger/{model}/add/").status_code == 403
        assert admin.post(f"/admin/ledger/{model}/{key}/delete/").status_code == 403
        assert admin.post(f"/admin/ledger/{model}/{key}/change/", {"event": "x"}).status_code == 403
    assert admin.get("/admin/ledger/spendevent/").status_code == 200
    assert f"/console/trace/{TRACE}/" in admin.get("/admin/ledger/ledgerentry/").content.decode()
