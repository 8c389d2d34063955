"""A process that leases a job and never ends: ``python -m tests.kernel.holding DATABASE JOB``."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta

import django
from django.conf import settings


def main(database: str, job_id: int) -> None:
    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    from tests.kernel.tables import Job  # noqa: PLC0415  # models exist only after setup

    job = Job.objects.get(pk=job_id)
    print(job.take_lease(now=datetime.now(UTC), lease=timedelta(minutes=5)), flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
