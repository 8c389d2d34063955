"""A worker whose clock is wrong: ``python -m tests.chaos.out_of_time MINUTES``, until it is ended.

Its sense of time decides which rows are due and which leases have ended: it takes work out of the
hands of workers whose clocks are right.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta

import django
from django.db import Error, close_old_connections

PAUSE_S = 0.7  # most of the work is left to those whose clocks are right


def main() -> None:
    django.setup()
    # Imported late: models exist only after setup.
    from revenue.enums import Source  # noqa: PLC0415  # after setup
    from revenue.exchanges.events import process_due  # noqa: PLC0415  # after setup
    from revenue.providers import gateway_for_worker  # noqa: PLC0415  # after setup

    off_by = timedelta(minutes=float(sys.argv[1]))
    while True:
        try:
            process_due(
                gateway=gateway_for_worker(),
                source=Source.SWEEP,
                clock=lambda: datetime.now(UTC) + off_by,
            )
        except Error as error:  # the database is away: the next turn finds it back
            print(type(error).__name__, error, flush=True)
            close_old_connections()
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main()
