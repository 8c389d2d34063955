"""``verify_ledger`` verifies each passkey's signature again, and says whose key it was."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from fido2.utils import websafe_decode, websafe_encode

from approvals.models import Decision, StepUp
from approvals.signatures import challenge_of, evidence_of, is_signed
from kernel.liveness import database_now
from ledger.models import LedgerEntry
from ledger.queries import compare_rows
from tests.approvals.asking import ask, boxes
from tests.approvals.test_hostile_approver import cheat
from tests.approvals.test_request_pages import answer, key_answer
from tests.factories.people import make_person
from tests.owner import rewriting
from tests.trinity import soft_key
from tests.trinity.soft_key import ORIGIN, SoftKey
from tests.trinity.test_passkeys import with_key
from trinity.people.usecases.reset_login import reset_login
from trinity.people.usecases.reset_second_factors import reset_second_factors

pytestmark = pytest.mark.django_db(transaction=True)
PRESENT, VERIFIED = 0x01, 0x04


@pytest.fixture(autouse=True)
def _boxes() -> Iterator[None]:
    with boxes():
        yield


@pytest.fixture
def owner() -> User:
    return make_person("owner")


@pytest.fixture
def key() -> SoftKey:
    return SoftKey()


@pytest.fixture
def client(owner: User, key: SoftKey) -> Client:
    return with_key(owner, key)


def signed(client: Client, key: SoftKey, owner: User) -> Decision:
    request = ask(now=database_now())
    answer(client, request, **{"proof-credential": key_answer(client, key, request, owner)})
    return Decision.objects.get(request=request)


def found() -> dict[str, list[str]]:
    report = compare_rows()
    return {each.code: [each.what] for each in report.findings}


def test_a_good_signature_by_a_key_of_the_person_is_no_finding(
    client: Client, key: SoftKey, owner: User
) -> None:
    signed(client, key, owner)
    signed(client, key, owner)

    assert found() == {}


def test_a_signature_that_was_changed_is_named(client: Client, key: SoftKey, owner: User) -> None:
    decision, other = signed(client, key, owner), signed(client, key, owner)
    proof = StepUp.objects.get(pk=decision.step_up_id)
    evidence = dict(proof.evidence or {})
    assert other.step_up is not None
    changes = [
        {"evidence": other.step_up.evidence},
        {"evidence": {**evidence, "signature": evidence["signature"][:-4] + "AAAA"}},
        {"evidence": {**evidence, "origin": "http://evil.example"}},
        {"evidence": {**evidence, "rp_id": "evil.example"}},
        {"evidence": {}},
        {"nonce": "another"},
        {"factor": "code", "evidence": None},
    ]

    for change in changes:
        cheat(proof, **change)
        assert found().get("signature_bad") == [decision.reference], change
        cheat(proof, evidence=evidence, nonce=proof.nonce, factor=proof.factor)

    assert found() == {}


def test_a_signature_by_somebody_elses_key_is_named(
    client: Client, key: SoftKey, owner: User
) -> None:
    """The key in the evidence is exchanged for one that signs the right challenge."""
    decision = signed(client, key, owner)
    proof = StepUp.objects.select_related("request").get(pk=decision.step_up_id)
    evidence = _evidence_of(SoftKey(), proof, owner)
    assert is_signed(evidence, challenge=_challenge(proof))
    cheat(proof, evidence=evidence)

    assert found()["key_not_theirs"] == [decision.reference]
    assert set(found()) == {"key_not_theirs", "entry_differs_from_row"}  # of the whole proof


@pytest.mark.parametrize(
    ("flags", "origin", "kind", "is_good"),
    [
        (PRESENT | VERIFIED, ORIGIN, "webauthn.get", True),
        (PRESENT, ORIGIN, "webauthn.get", False),  # touched, and by nobody knows whom
        (VERIFIED, ORIGIN, "webauthn.get", False),
        (PRESENT | VERIFIED, "http://evil.example", "webauthn.get", False),
        (PRESENT | VERIFIED, "http://localhost.evil.example", "webauthn.get", False),
        (PRESENT | VERIFIED, ORIGIN, "webauthn.create", False),
    ],
)
def test_what_a_key_signed_otherwise_than_asked_is_no_approval(
    client: Client,
    key: SoftKey,
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    flags: int,
    origin: str,
    kind: str,
    is_good: bool,
) -> None:
    """The signature itself is good each time, and the key is the owner's own."""
    decision = signed(client, key, owner)
    proof = StepUp.objects.select_related("request").get(pk=decision.step_up_id)
    monkeypatch.setattr(soft_key, "ORIGIN", origin)
    monkeypatch.setattr(soft_key, "GET", kind)
    evidence = _evidence_of(key, proof, owner, flags=flags)
    cheat(proof, evidence=evidence)

    assert is_signed(evidence, challenge=_challenge(proof)) is is_good
    assert found().get("signature_bad") == (None if is_good else [decision.reference])


def _challenge(proof: StepUp) -> bytes:
    return challenge_of(
        request_ref=proof.request.reference, shown_digest=proof.shown_digest, nonce=proof.nonce
    )


def _evidence_of(
    by: SoftKey, proof: StepUp, owner: User, *, flags: int = PRESENT | VERIFIED
) -> dict[str, str]:
    """Return what is kept of the answer of ``by`` to the challenge of ``proof``."""
    whose = user_pk_to_url_str(owner)
    said = by.signed(websafe_encode(_challenge(proof)), user=whose, flags=flags)["response"]
    return evidence_of(
        credential_id=by.id,
        public_key=by.public_key,
        client_data=websafe_decode(said["clientDataJSON"]),
        authenticator_data=websafe_decode(said["authenticatorData"]),
        signature=websafe_decode(said["signature"]),
        rp_id="localhost",
    )


def test_a_signature_after_the_key_was_removed_is_named(
    client: Client, key: SoftKey, owner: User
) -> None:
    """The removal is written before the decision, as if the key had come back past us."""
    decision = signed(client, key, owner)
    added = LedgerEntry.objects.get(event="person.factor_added", facts__factor="webauthn")
    with rewriting(LedgerEntry):
        QuerySet(LedgerEntry).filter(pk=added.pk).update(event="person.factor_removed")

    assert found()["key_not_theirs"] == [decision.reference]


def test_of_keys_that_were_added_before_entries_named_them_nothing_is_said(
    client: Client, key: SoftKey, owner: User
) -> None:
    signed(client, key, owner)
    added = LedgerEntry.objects.get(event="person.factor_added", facts__factor="webauthn")
    with rewriting(LedgerEntry):
        facts = {name: value for name, value in added.facts.items() if name != "factor_digest"}
        QuerySet(LedgerEntry).filter(pk=added.pk).update(facts=facts)

    assert found() == {}


# --- factors themselves ------------------------------------------------------------------------


def digests(event: str) -> list[str]:
    entries = LedgerEntry.objects.filter(event=event).order_by("pk")
    return [each.facts["factor_digest"] for each in entries]


def test_a_factor_that_is_added_and_removed_is_named_by_one_digest(
    client: Client, owner: User
) -> None:
    key = Authenticator.objects.get(user=owner, type="webauthn")
    client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")

    assert not Authenticator.objects.filter(user=owner).exists()
    assert sorted(digests("person.factor_added")) == sorted(digests("person.factor_removed"))
    assert found() == {}


@pytest.mark.parametrize("by_all", [False, True])
def test_the_shell_removes_factors_with_an_entry_each(
    client: Client, owner: User, by_all: bool
) -> None:
    if by_all:
        reset_second_factors(now=timezone.now())
    else:
        reset_login(email=owner.email, removes_second_factors=True, now=timezone.now())

    assert sorted(digests("person.factor_added")) == sorted(digests("person.factor_removed"))
    assert found() == {}


def test_a_factor_that_was_added_exchanged_or_removed_past_us_is_found(
    client: Client, key: SoftKey, owner: User
) -> None:
    held = Authenticator.objects.get(user=owner, type="webauthn")
    theirs = dict(held.data)
    somebody = make_person("owner")
    with_key_of_another = json.loads(json.dumps(theirs))

    Authenticator.objects.create(user=somebody, type="webauthn", data=with_key_of_another)
    assert found() == {"factor_without_entry": [f"user:{somebody.pk}"]}
    Authenticator.objects.filter(user=somebody).delete()

    Authenticator.objects.create(user=somebody, type="totp", data={"secret": "x"})
    assert found() == {"factor_without_entry": [f"user:{somebody.pk}"]}
    Authenticator.objects.filter(user=somebody).delete()

    Authenticator.objects.filter(pk=held.pk).update(data={"name": "x", "credential": {}})
    assert set(found()) == {"factor_without_entry", "factor_gone"}
    Authenticator.objects.filter(pk=held.pk).delete()
    assert found() == {"factor_gone": [f"user:{owner.pk}"]}
