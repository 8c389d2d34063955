"""Who decides, uses, takes back, stops or erases at the same moment: one of them wins, once.

Each pair is held against each other at places drawn by chance (``tests.races.interleaving``). What
is asked afterwards is asked of Stripe's own list and of the raw rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from django.contrib.auth.models import User

from approvals.enums import Factor
from approvals.models import ApprovalRequest, Decision
from approvals.ports import Proof
from approvals.usecases.decide import approve as say_yes
from crm.models import Activity
from tests.approvals.asking import ask, boxes, challenge
from tests.factories.people import make_person
from tests.races.cases import AT_ONCE, NOBODY, ROUNDS, Make, against, books_are_good, check, has_won
from tests.races.interleaving import Work, interleave, points
from tests.races.test_one_payment_many_entry_points import together
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import database_now
from toolrouter.enums import CallState
from toolrouter.models import ToolCall
from toolrouter.queries.account import account_settings
from toolrouter.usecases.change_safety import change_account_settings
from toolrouter.vocabulary import Code, Status

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.races,
    pytest.mark.usefixtures("pages_use_outside", "seed"),
]


# --- deciding ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "ends"),
    [
        ("approve", "refuse", {"approved", "refused"}),
        ("approve", "approve_too", {"approved"}),
        ("refuse", "refuse_too", {"refused"}),
    ],
)
def test_of_two_who_decide_one_wins_and_the_other_is_told(
    asked: Make, outside: RunningSandbox, one: str, other: str, ends: set[str]
) -> None:
    for case, *sides in against(asked, one, other):
        assert not check(case, outside, *sides)
        assert sorted(map(has_won, sides)) == [False, True]
        assert case.request.state in ends
        assert Decision.objects.filter(request=case.request).count() == 1
    books_are_good()


def test_approve_against_expire(asked: Make, outside: RunningSandbox) -> None:
    wanted = replace(account_settings(), decide_outbound_h=1)  # the run itself lasts four
    change_account_settings(wanted=wanted, by=NOBODY, now=database_now())
    for case, approving, expiring in against(asked, "approve_in_the_last_moment", "expire"):
        assert not check(case, outside, approving, expiring)
        assert case.request.state == ("approved" if has_won(approving) else "expired")
        assert has_won(expiring)
    books_are_good()


def test_approve_against_stop(asked: Make, outside: RunningSandbox) -> None:
    for case, approving, stopping in against(asked, "approve", "stop"):
        if has_won(approving):
            case.runs_at = approving.said
            assert not case.execute()
        assert not check(case, outside, approving, stopping)
        assert (case.request.state, case.call.codes) == ("expired", [Code.STOPPED])
        assert has_won(stopping)
    books_are_good()


@pytest.mark.parametrize("decide", ["approve", "refuse"])
def test_whoever_decides_while_the_person_is_erased(
    asked: Make, outside: RunningSandbox, decide: str
) -> None:
    for case, deciding, erasing in against(asked, decide, "erase"):
        assert not check(case, outside, deciding, erasing)
        assert has_won(erasing)
        assert case.call.state == CallState.DENIED
        assert case.call.asked == ""
    books_are_good()


def test_whoever_asks_while_the_person_is_erased(asked: Make, outside: RunningSandbox) -> None:
    for case, asking, erasing in against(asked, "ask", "erase"):
        assert (asking.error, erasing.error) == (None, None)
        is_too_late = asking.said.codes == (Code.SUBJECT_GONE,)
        kept = ToolCall.objects.filter(run_ref=case.agent.run_ref).exclude(asked="")
        assert kept.count() == is_too_late
        assert not Activity.objects.filter(deal=case.agent.deal).exclude(words="").exists()
    books_are_good()


def test_whoever_asks_while_it_is_stopped(asked: Make, outside: RunningSandbox) -> None:
    for case, asking, stopping in against(asked, "ask", "stop"):
        assert not check(case, outside, asking, stopping)
        is_written = Activity.objects.filter(deal=case.agent.deal, kind="agent_note").exists()
        assert is_written == (asking.said.status == Status.DONE)
        assert asking.said.codes in {(), (Code.STOPPED,)}
        assert case.agent.note("After.", key="after").codes[0] == Code.STOPPED
    books_are_good()


def test_two_are_needed_and_two_say_yes(outside: RunningSandbox) -> None:
    operator, owner = make_person("operator"), make_person("owner")

    def yes(request: ApprovalRequest, person: User) -> Work:
        now = request.opened_at
        step_up = challenge(request, person, now=now)
        return lambda: say_yes(
            request.reference,
            person=person,
            shown_digest=request.shown_digest,
            step_up=step_up,
            proof=Proof(factor=Factor.CODE),
            now=now,
        )

    with boxes() as kind:
        for after in points(yes(ask(now=database_now(), rule="two"), operator)):
            kind.told.clear()
            request = ask(now=database_now(), rule="two")
            sides = interleave(yes(request, operator), yes(request, owner), after=after, look=list)
            request.refresh_from_db()
            assert [side.error for side in sides] == [None, None]
            assert (request.state, len(kind.told)) == ("approved", 1)
            assert request.decisions.count() == 2


# --- using ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["revoke", "expire"])
def test_what_is_taken_back_is_not_used_and_what_is_used_is_not_taken_back(
    granted: Make, outside: RunningSandbox, other: str
) -> None:
    for case, using, taking in against(granted, "execute", other):
        is_made = check(case, outside, using, taking)
        assert using.said is is_made
        assert is_made != (has_won(taking) and taking.said != 0)
    books_are_good()


@pytest.mark.parametrize("other", ["stop", "freeze", "hold"])
def test_what_was_stopped_before_it_was_asked_for_is_never_posted(
    granted: Make, outside: RunningSandbox, other: str
) -> None:
    for case, using, stopping in against(granted, "execute", other):
        is_made = check(case, outside, using, stopping)
        assert has_won(stopping)
        if using.gate and using.seen and using.gate.after < last_look(using.gate.statements):
            assert not is_made, using.seen
    books_are_good()


def last_look(statements: Sequence[str]) -> int:
    """Return the number of the statement that last asked whether the run stands still."""
    looks = (n for n, sql in enumerate(statements, 1) if "FOR SHARE" in sql)
    return max(looks, default=len(statements))


def test_whoever_lost_the_role_before_the_claim_approved_nothing(
    granted: Make, outside: RunningSandbox
) -> None:
    for case, using, demoting in against(granted, "execute", "demote"):
        is_made = check(case, outside, using, demoting)
        assert has_won(demoting)
        if using.seen == CallState.APPROVED:
            assert (is_made, case.call.codes) == (False, [Code.NO_APPROVER])
    books_are_good()


def test_erase_against_claim(granted: Make, outside: RunningSandbox) -> None:
    for case, using, erasing in against(granted, "execute", "erase"):
        is_made = check(case, outside, using, erasing)
        assert has_won(erasing)
        if using.seen == CallState.APPROVED:
            assert not is_made
        assert case.call.asked == ""
    books_are_good()


def test_two_workers_one_claim(granted: Make, outside: RunningSandbox) -> None:
    for case, one, other in against(granted, "execute", "execute"):
        assert check(case, outside, one, other)
        assert sorted([one.said, other.said]) == [False, True]
    books_are_good()


def test_eight_workers_and_one_approval_make_one_link(
    granted: Make, outside: RunningSandbox
) -> None:
    for _ in range(ROUNDS):
        case = granted()

        said = together(*[case.execute] * AT_ONCE)

        assert sorted(said) == [False] * (AT_ONCE - 1) + [True]
        assert check(case, outside)
    books_are_good()
