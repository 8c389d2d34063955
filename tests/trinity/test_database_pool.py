"""A web process lends a connection to each of its threads, however many there are."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

# Every thread keeps its connection, as those at the webhook's door do, until all have one.
ALL_AT_ONCE = """
import sys, threading
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from django.db import connection
count = settings.WEB_BLOCKING_THREADS + 1  # and whoever asks beside them
everybody = threading.Barrier(count, timeout=20)
served = []
def ask():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        everybody.wait()
        served.append(cursor.fetchone())
    connection.close()
threads = [threading.Thread(target=ask) for _ in range(count)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
connection.close_pool()
print(len(served))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("threads", [1, 4, 12])
def test_no_thread_waits_for_a_connection_that_another_keeps(threads: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALL_AT_ONCE, str(connection.settings_dict["NAME"])],
        cwd=settings.BASE_DIR,
        env=os.environ | {"WEB_BLOCKING_THREADS": str(threads)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.strip() == str(threads + 1)


LENT_TO_THE_END = """
import sys
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from django.db import connection
from kernel.connections import close_with_this_thread
close_with_this_thread()
connection.ensure_connection()
connection.close_pool()
"""


@pytest.mark.django_db(transaction=True)
def test_a_process_that_ends_with_a_connection_ends_without_a_word() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LENT_TO_THE_END, str(connection.settings_dict["NAME"])],
        cwd=settings.BASE_DIR,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stderr == ""
