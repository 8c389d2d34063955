"""The page that decides: what it shows to whom, and by which proof it is decided."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client, override_settings

from approvals.enums import Factor, RequestState
from approvals.models import ApprovalRequest, Decision, StepUp
from approvals.signatures import challenge_of, is_signed
from kernel.liveness import database_now
from ledger.models import LedgerEntry
from notices.enums import Lane
from notices.exchanges.mails import OutgoingMails
from notices.models import OutgoingMail
from notices.outbox.sending import send_next
from tests.approvals.asking import DAY, Boxes, ask, boxes
from tests.factories.people import PASSWORD, client_of, make_person
from tests.notices.test_team_mails import Mailbox
from tests.owner import rewriting
from tests.trinity.soft_key import SoftKey
from tests.trinity.test_login import DEAD_REDIS, totp_code
from tests.trinity.test_passkeys import with_key
from trinity.people.mails import WRONG_ANSWERS
from trinity.people.usecases.lend_session import lend_session

pytestmark = pytest.mark.django_db(transaction=True)
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def kind() -> Iterator[Boxes]:
    with boxes() as kind:
        yield kind


@pytest.fixture
def request_(kind: Boxes) -> ApprovalRequest:
    return ask(now=database_now())


def address(request: ApprovalRequest, verb: str = "") -> str:
    return f"/console/approvals/{request.reference}/{verb}"


def answer(client: Client, request: ApprovalRequest, verb: str = "approve/", **given: str) -> Any:
    return client.post(
        address(request, verb), {"shown_digest": request.shown_digest, **given}, follow=True
    )


def state_of(request: ApprovalRequest) -> str:
    request.refresh_from_db()
    return request.state


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def with_app(role: str = "owner") -> User:
    person = make_person(role)
    TOTP.activate(person, SEED)
    return person


def code(steps: int = 0) -> str:
    return totp_code(SEED, time.time() + 30 * steps)


def test_who_has_no_factor_gives_the_password_with_the_decision(
    request_: ApprovalRequest,
) -> None:
    client = client_of(make_person("owner"), is_fresh=True)

    assert "You are asked for this at each decision." in text_of(client.get(address(request_)))
    assert answer(client, request_).status_code == 409  # however fresh the login is
    assert answer(client, request_, **{"proof-password": "wrong"}).status_code == 409
    assert state_of(request_) == RequestState.PENDING
    said = answer(client, request_, **{"proof-password": PASSWORD})

    assert "Approved." in text_of(said)
    assert state_of(request_) == RequestState.APPROVED
    assert Decision.objects.get().factor == Factor.PASSWORD


@pytest.mark.parametrize("verb", ["approve/", "refuse/"])
def test_a_page_on_a_machine_that_stood_still_decides_nothing_too_late(
    kind: Boxes, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    late = ask(now=database_now() - DAY)
    stood_still = late.decide_by - timedelta(seconds=30)
    monkeypatch.setattr("approvals.views.decisions.database_now", lambda: stood_still)

    said = answer(
        client_of(make_person("owner"), is_fresh=True), late, verb, **{"proof-password": PASSWORD}
    )

    assert "Nothing was changed" in text_of(said)
    assert (state_of(late), Decision.objects.count()) == (RequestState.EXPIRED, 0)


def test_who_has_an_app_gives_a_code_and_never_the_password(request_: ApprovalRequest) -> None:
    client = client_of(with_app())

    assert answer(client, request_, **{"proof-password": PASSWORD}).status_code == 409
    assert answer(client, request_, **{"proof-code": code(9)}).status_code == 409
    assert state_of(request_) == RequestState.PENDING
    assert "Approved." in text_of(answer(client, request_, **{"proof-code": code()}))
    assert Decision.objects.get().factor == Factor.CODE


def test_a_code_decides_once(kind: Boxes) -> None:
    client, given = client_of(with_app()), code()
    first, second = ask(now=database_now()), ask(now=database_now())

    answer(client, first, **{"proof-code": given})
    answer(client, second, **{"proof-code": given})

    assert (state_of(first), state_of(second)) == (RequestState.APPROVED, RequestState.PENDING)


def test_real_money_is_confirmed_by_an_app_or_a_key_only(kind: Boxes) -> None:
    request, owner = ask(now=database_now()), make_person("owner")
    with rewriting(ApprovalRequest):
        ApprovalRequest.objects.filter(pk=request.pk).update(mode="live")
    client = client_of(owner)

    assert "Real money needs a second factor." in text_of(client.get(address(request)))
    assert answer(client, request, **{"proof-password": PASSWORD}).status_code == 409
    TOTP.activate(owner, SEED)
    RecoveryCodes.activate(owner)
    spare = RecoveryCodes(owner.authenticator_set.get(type="recovery_codes")).get_unused_codes()[0]
    said = answer(client, request, **{"proof-code": spare})
    assert "A recovery code confirms no real money." in text_of(said)
    assert state_of(request) == RequestState.PENDING
    assert "Approved." in text_of(answer(client, request, **{"proof-code": code()}))


def key_answer(
    client: Client, key: SoftKey, request: ApprovalRequest, owner: User, **how: Any
) -> str:
    options = client.get(address(request)).context["js_data"]["request_options"]
    assert options["publicKey"]["userVerification"] == "required"
    challenge = str(options["publicKey"]["challenge"])
    return json.dumps(key.signed(challenge, user=user_pk_to_url_str(owner), **how))


def test_a_passkey_signs_what_was_shown_and_the_signature_is_kept(
    request_: ApprovalRequest,
) -> None:
    owner, key = make_person("owner"), SoftKey()
    client = with_key(owner, key)

    said = answer(
        client, request_, **{"proof-credential": key_answer(client, key, request_, owner)}
    )

    assert "Approved." in text_of(said)
    step_up = StepUp.objects.get()
    assert (step_up.factor, step_up.decision.person) == (Factor.PASSKEY, owner)
    told = {"request_ref": request_.reference, "nonce": step_up.nonce}
    signed = challenge_of(shown_digest=request_.shown_digest, **told)
    assert is_signed(step_up.evidence, challenge=signed)
    other = challenge_of(shown_digest="0" * 64, **told)
    assert not is_signed(step_up.evidence, challenge=other)


def test_a_signature_for_one_request_decides_no_other(kind: Boxes) -> None:
    owner, key = make_person("owner"), SoftKey()
    client = with_key(owner, key)
    first, second = ask(now=database_now()), ask(now=database_now())
    signed = key_answer(client, key, first, owner)

    assert answer(client, second, **{"proof-credential": signed}).status_code == 409
    assert state_of(second) == RequestState.PENDING


def test_a_key_that_did_not_verify_the_person_confirms_nothing(request_: ApprovalRequest) -> None:
    owner, key = make_person("owner"), SoftKey()
    client = with_key(owner, key)
    touched_only = key_answer(client, key, request_, owner, flags=0x01)

    assert answer(client, request_, **{"proof-credential": touched_only}).status_code == 409
    assert state_of(request_) == RequestState.PENDING


def test_two_tabs_answer_the_same_challenge(request_: ApprovalRequest) -> None:
    owner, key = make_person("owner"), SoftKey()
    client = with_key(owner, key)
    in_one_tab = key_answer(client, key, request_, owner)
    client.get(address(request_))  # the other tab

    assert "Approved." in text_of(answer(client, request_, **{"proof-credential": in_one_tab}))


def test_a_lent_session_decides_nothing(request_: ApprovalRequest) -> None:
    owner = make_person("owner")
    key = lend_session(email=owner.email, to="a test", now=database_now())
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = key

    assert "A lent session decides nothing." in text_of(client.get(address(request_)))
    assert answer(client, request_, **{"proof-password": PASSWORD}).status_code == 409
    assert state_of(request_) == RequestState.PENDING


def test_five_wrong_answers_lock_deciding_and_nothing_else(request_: ApprovalRequest) -> None:
    client = client_of(with_app())
    for _ in range(5):
        answer(client, request_, **{"proof-code": "000000"})

    said = answer(client, request_, **{"proof-code": code()})

    assert "Five answers were wrong." in text_of(said)
    assert state_of(request_) == RequestState.PENDING
    answer(client, request_, "refuse/")
    assert state_of(request_) == RequestState.REFUSED


def test_with_redis_down_one_can_refuse_and_revoke_but_not_approve(kind: Boxes) -> None:
    owner = with_app()
    client = client_of(owner)
    approved, pending = ask(now=database_now()), ask(now=database_now())
    answer(client, approved, **{"proof-code": code()})

    with override_settings(CACHES=DEAD_REDIS):
        said = answer(client, pending, **{"proof-code": code(1)})
        assert said.status_code == 503
        assert "Nothing was decided." in text_of(said)
        assert state_of(pending) == RequestState.PENDING
        answer(client, approved, "revoke/")
        answer(client, pending, "refuse/", reason="No")

    assert (state_of(approved), state_of(pending)) == (RequestState.REVOKED, RequestState.REFUSED)


def test_a_page_that_is_out_of_date_decides_nothing(request_: ApprovalRequest) -> None:
    client = client_of(with_app())
    for verb, given in (("approve/", {"proof-code": code()}), ("refuse/", {})):
        said = client.post(address(request_, verb), {"shown_digest": "0" * 64, **given})
        assert said.status_code == 409
        assert "This page was out of date." in text_of(said)
    assert state_of(request_) == RequestState.PENDING


def test_nothing_is_decided_by_opening_a_page(request_: ApprovalRequest) -> None:
    client = client_of(with_app())
    for verb in ("approve/", "refuse/", "revoke/"):
        assert client.get(address(request_, verb))["Location"] == address(request_)
        client.head(address(request_, verb))
    client.get(address(request_))
    client.head(address(request_))
    assert state_of(request_) == RequestState.PENDING


def test_who_comes_too_late_is_told_how_it_stands(request_: ApprovalRequest) -> None:
    owner, late = client_of(with_app()), client_of(make_person("owner"))
    answer(owner, request_, "refuse/")

    said = answer(late, request_, **{"proof-password": PASSWORD})

    assert "Nothing was changed: it is refused." in text_of(said)


def test_the_page_shows_what_will_run_then_the_agents_words_as_text(
    request_: ApprovalRequest,
) -> None:
    page = client_of(make_person("auditor")).get(address(request_)).content.decode()

    assert page.index("What will run") < page.index("Written by the agent")
    assert "Open the box of crunchline.com." in page
    assert "$60.00 → $11.00" in page
    assert request_.fingerprint in page
    assert "proof-" not in page  # an auditor reads


def test_what_waits_for_me_is_what_i_may_decide_soonest_first(
    kind: Boxes,
) -> None:
    now = database_now()
    later, sooner = ask(now=now), ask(now=now - timedelta(hours=1), rule="outbound")
    owner, operator = make_person("owner"), make_person("operator")

    def waiting(person: User) -> list[str]:
        page = client_of(person).get("/console/approvals/")
        return [line.reference for line in page.context["waiting"]]

    assert waiting(owner) == [sooner.reference, later.reference]
    assert waiting(operator) == [sooner.reference]
    assert waiting(make_person("auditor")) == []
    answer(client_of(operator), sooner, "refuse/")
    assert waiting(owner) == [later.reference]


def test_all_requests_are_listed_by_status(kind: Boxes, now: datetime) -> None:
    request = ask(now=now)
    client = client_of(make_person("auditor"))

    def listed(query: str) -> list[str]:
        page = client.get(f"/console/approvals/all/?{query}")
        return [line.reference for line in page.context["requests"]]

    assert listed("") == listed("state=pending&mode=sandbox") == [request.reference]
    assert listed("state=approved") == listed("mode=live") == []
    assert client.get("/console/approvals/apr_nobody/").status_code == 404


def test_the_fifth_wrong_answer_tells_each_owner_once(request_: ApprovalRequest) -> None:
    somebody, owner = with_app(), make_person("owner")
    client = client_of(somebody)

    def told() -> list[int | None]:
        mails = OutgoingMail.objects.filter(kind=WRONG_ANSWERS).order_by("user_id")
        return [mail.user_id for mail in mails]

    for tries in range(1, 8):
        answer(client, request_, **{"proof-code": "000000"})
        assert told() == ([somebody.pk, owner.pk] if tries >= 5 else [])
    entry = LedgerEntry.objects.get(event="person.decisions_locked")
    assert (entry.subject, entry.facts["actor"]) == (f"user:{somebody.pk}",) * 2
    mailbox = Mailbox()
    while send_next(OutgoingMails(Lane.ACCOUNT), mailer=mailbox, clock=database_now) is not None:
        pass
    letter = next(each for each in mailbox.letters if each.to == (owner.email,))
    assert letter.subject.endswith(f"{somebody.email} cannot decide for 15 minutes")
    assert f"/console/people/{somebody.pk}/" in letter.text
