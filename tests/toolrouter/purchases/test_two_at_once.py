"""Two people close one purchase in the same moment: one of them did, the other is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connection

from ledger.models import Posting
from tests.toolrouter.purchases.shopping import Shopper, again, buy, leave
from tests.toolrouter.spending.buying import findings
from toolrouter.models import Reservation
from toolrouter.usecases.close_purchase import AlreadyClosed

pytestmark = pytest.mark.django_db(transaction=True)


def test_closed_by_several_at_once_it_is_closed_once(
    shopper: Shopper, owner: User, operator: User
) -> None:
    purchase = shopper.handed_over()
    start = Barrier(4)

    def said(close: Callable[..., object], by: User) -> str:
        try:
            start.wait()
            close(purchase, by)
        except AlreadyClosed:
            return "told"
        finally:
            connection.close()
        return "closed"

    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(said, (buy, leave, buy, leave), (owner, operator, operator, owner))

    assert sorted(answers) == ["closed", "told", "told", "told"]
    is_bought = again(purchase).state == "bought"
    assert Posting.objects.count() == (2 if is_bought else 0)
    assert Reservation.objects.get().state == ("settled" if is_bought else "released")
    assert findings() == []
