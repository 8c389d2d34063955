"""Prepare the database and the static files, in one Django process instead of four.

``python -m trinity.stack.prepare``: migrate as the tables' owner, gather static files where they
changed, and seed the sample offer and the owner where OWNER_PASSWORD_FILE says that somebody waits
for them. Every step is a no-op the second time.
"""

import hashlib
import os
import sys
from typing import Final

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

SEED: Final = "seed_local"
GATHERED_FROM: Final = ".gathered-from"


def main() -> int:
    """Run the steps in order; the first that fails ends the process with its traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trinity.settings")
    os.environ["DATABASE_AS_OWNER"] = "1"
    django.setup()
    call_command("migrate", interactive=False)
    _gather_static_files()
    if os.environ.get("OWNER_PASSWORD_FILE"):
        call_command(SEED)
    return 0


def _gather_static_files() -> None:
    """Hashing and compressing all of them takes longer than the rest of a warm start."""
    mark = settings.STATIC_ROOT / GATHERED_FROM
    wanted = _fingerprint()
    if mark.exists() and mark.read_text() == wanted:
        return
    call_command("collectstatic", interactive=False)
    mark.write_text(wanted)


def _fingerprint() -> str:
    """Return a digest of what there is to gather: every file's name, size and time."""
    found = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = os.stat(storage.path(name))
            found.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return found.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
