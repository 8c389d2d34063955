"""What happens without it: six mechanisms are taken out of a copy of the source, one at a time.

A copy of the source is made, a few lines of it are replaced (each of them must be there exactly
once), and one attack runs on it in a process of its own, against the test's database and the
stand-in for Stripe. With a mechanism gone its attack must get through: then the mechanism is what
holds, and not luck or something else that nobody thinks of. With none gone, none does. Shipped code
has no switch for any of it: a copy is the only way.

Several mechanisms stand behind others. Beside ``single use`` and the claim's compare-and-swap the
database's own triggers and unique keys hold, the payment link's key at Stripe does, and a stop
closes what waits by itself. So the attacks use an operation without any defence of its own
(``tests.ablation.naive``) where a payment link would be held by its row and key; two workers read
the same clock, since the database lets no second time of a claim be written; and a credential was
let in just before the stop. Taking out the claim's compare-and-swap means both of its halves: the
WHERE of ``move`` and the lock on the approval.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from tests.outside import _outside
from tests.sandbox.running_sandbox import KEY, SECRET, RunningSandbox
from tests.trinity.serving.serving import database_url
from trinity.stack.home import ROOT

__all__ = ["_outside"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

NOT_COPIED: Final = (".git", ".*", "docs", "docker", "benchmarks", "__pycache__", "*.gz")
ATTACK_S_MAX: Final = 60  # ten on an idle machine
AT_ONCE: Final = 2
WHOLE: Final = "nothing taken out"


@dataclass(frozen=True, slots=True)
class Cut:
    """What is taken out of one file: it must be there exactly once."""

    file: str
    old: str
    new: str

    def make(self, root: Path) -> None:
        source = (root / self.file).read_text()
        assert source.count(self.old) == 1, f"{self.file} has not exactly one {self.old!r}"
        (root / self.file).write_text(source.replace(self.old, self.new))


CONSUMING: Final = "approvals/operations/consuming.py"
MECHANISMS: Final[dict[str, tuple[Cut, ...]]] = {
    "fingerprint": (Cut(CONSUMING, "    if not same:\n", "    if False:\n"),),
    "single_use": (
        Cut(
            CONSUMING,
            "    request.move(RequestState.CONSUMED, closed_at=now)\n"
            "    record(request, RequestState.CONSUMED, now=now)\n",
            "",
        ),
    ),
    "claim": (
        Cut(
            "kernel/transitions.py",
            'where = {"pk": self.pk, self.STATE_FIELD: source}',
            'where = {"pk": self.pk}',
        ),
        Cut(
            CONSUMING,
            "ApprovalRequest.objects.select_for_update(no_key=True).filter(",
            "ApprovalRequest.objects.filter(",
        ),
    ),
    "stop_check": (
        Cut(
            "toolrouter/operations/deciding.py",
            "is_stopped=bool(safety.stopped)",
            "is_stopped=False",
        ),
    ),
    "unknown_blocks": (
        Cut(
            "toolrouter/queries/earlier.py",
            "_DONE: Final = [*OPEN, CallState.DONE]",
            '_DONE: Final = [*(each for each in OPEN if each != "unknown"), CallState.DONE]',
        ),
    ),
    "cap_lock": (Cut("toolrouter/queries/headroom.py", "ORDER BY cap.id FOR NO KEY UPDATE", ""),),
}


@dataclass(frozen=True, slots=True)
class Oracle:
    """What the provider has and the rows say. It knows of no verdict of the router's."""

    outside: RunningSandbox

    def fingerprint(self, calls: list[str]) -> bool:
        """Say whether a link asks for something else than was approved."""
        client = self.outside.client()
        for link in client.payment_links.list({"limit": 100}).data:
            call = link.metadata["call_ref"]
            if call in calls:
                [item] = client.payment_links.line_items.list(link.id).data
                return item.amount_total != self._one(_APPROVED_AMOUNT, call)
        return False

    def single_use(self, calls: list[str]) -> bool:
        """Say whether something was made whose approval does not stand as used."""
        [call] = calls
        return self._made(call) > 0 and self._one(_STATE_OF_APPROVAL, call) != "consumed"

    def claim(self, calls: list[str]) -> bool:
        """Say whether one approval made two things."""
        [call] = calls
        return self._made(call) > 1

    def stop_check(self, calls: list[str]) -> bool:
        """Say whether there is a link of a call that was asked for after the stop."""
        links = self.outside.client().payment_links.list({"limit": 100}).data
        return any(link.metadata["call_ref"] in calls for link in links)

    def unknown_blocks(self, calls: list[str]) -> bool:
        """Say whether the same was made twice."""
        return sum(map(self._made, calls)) > 1

    def cap_lock(self, calls: list[str]) -> bool:
        """Say whether more is reserved than the run's cap allows."""
        return self._one(_RESERVED, calls) > self._one(_LIMIT, calls[0])

    def _made(self, call: str) -> int:
        products = self.outside.client().products.list({"limit": 100}).data
        return sum(each.name == call for each in products)

    def _one(self, sql: str, asked: object) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(sql, [asked])
            [(said,)] = cursor.fetchall()
        return said


_APPROVED_AMOUNT: Final = "SELECT amount_minor FROM toolrouter_toolcall WHERE reference = %s"
_STATE_OF_APPROVAL: Final = "SELECT state FROM approvals_approvalrequest WHERE subject_ref = %s"
_RESERVED: Final = """
SELECT coalesce(sum(held.ceiling_minor), 0) FROM toolrouter_reservation held
JOIN toolrouter_toolcall call ON call.id = held.call_id
WHERE call.reference = ANY(%s) AND held.state = 'open'
"""
_LIMIT: Final = """
SELECT cap.limit_minor FROM toolrouter_spendcap cap
JOIN toolrouter_toolcall call ON cap.ref = call.run_ref
WHERE cap.scope = 'run' AND call.reference = %s
"""
Attack = Callable[[tuple[Cut, ...], tuple[str, ...]], dict[str, bool]]


@pytest.fixture(scope="module")
def attack(
    tmp_path_factory: pytest.TempPathFactory,
    _outside: RunningSandbox,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Attack]:
    """Run attacks on a copy with these cuts; say of each whether it got through."""
    oracle = Oracle(_outside)
    _outside.control("reset")
    _outside.clear_faults()

    def run(cuts: tuple[Cut, ...], names: tuple[str, ...]) -> dict[str, bool]:
        copy = tmp_path_factory.mktemp("source") / "trinity"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
        for cut in cuts:
            cut.make(copy)
        done = subprocess.run(
            [sys.executable, "-m", "tests.ablation", *names],
            cwd=copy,
            env={
                **os.environ,
                "DATABASE_URL": database_url(),
                "STRIPE_API_BASE": _outside.base,
                "STRIPE_SECRET_KEY": KEY,
                "STRIPE_WEBHOOK_SECRETS": SECRET,
                "PYTHONPATH": str(copy),
            },
            capture_output=True,
            text=True,
            timeout=ATTACK_S_MAX,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        attacked = json.loads(done.stdout.splitlines()[-1])
        with closing(connection):
            return {name: getattr(oracle, name)(calls) for name, calls in attacked.items()}

    with django_db_blocker.unblock():
        yield run


@pytest.fixture(scope="module")
def came_of_it(attack: Attack) -> dict[str, dict[str, bool]]:
    """Attack the source as it is, and without each of the mechanisms, two at a time."""
    tasks = {WHOLE: ((), tuple(MECHANISMS))} | {
        name: (cuts, (name,)) for name, cuts in MECHANISMS.items()
    }
    with ThreadPoolExecutor(AT_ONCE) as pool:
        said = pool.map(lambda task: attack(*task), tasks.values())
        return dict(zip(tasks, said, strict=True))


def test_with_all_of_them_no_attack_gets_through(came_of_it: dict[str, dict[str, bool]]) -> None:
    assert came_of_it[WHOLE] == dict.fromkeys(MECHANISMS, False)


@pytest.mark.parametrize("name", MECHANISMS)
def test_without_it_an_attack_gets_through(
    came_of_it: dict[str, dict[str, bool]], name: str
) -> None:
    assert came_of_it[name] == {name: True}
