"""Who runs Postgres: it refuses root, so root has to become somebody else for it."""

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# A bare environment may have no PATH, and a user's seldom has the sbin folders.
SEARCH_PATH: Final = ":".join(
    ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
)
UNSHARE: Final = ("--user", "--map-user=65534", "--map-group=65534")
PROBE_S_MAX: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAs:
    """A way to run a program as somebody: a prefix to its arguments, or another user's ids."""

    words: str
    owner_uid: int  # of the files that it reads and writes
    owner_gid: int
    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None

    def run(
        self, argv: Sequence[str], *, timeout_s: float, env: dict[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run ``argv`` to its end, its output caught; a missing program is exit code 127."""
        try:
            return subprocess.run(
                [*self.prefix, *argv],
                user=self.user,
                group=self.group,
                extra_groups=[] if self.user is not None else None,
                env=env,
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
            )
        except OSError as error:  # Missing, or not reachable for this user.
            return subprocess.CompletedProcess(list(argv), 127, "", str(error))

    def can_write(self, folder: Path) -> bool:
        """Say whether it can make files in ``folder``, by trying."""
        probe = folder / f".probe-{os.getpid()}"
        made = self.run(["/bin/sh", "-c", ': >"$1"', "sh", str(probe)], timeout_s=PROBE_S_MAX)
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
        return made.returncode == 0


def candidates() -> list[RunAs]:
    """Return the ways to run Postgres on this machine for this user, best first."""
    if os.geteuid() != 0:
        return [RunAs(words="this user", owner_uid=os.geteuid(), owner_gid=os.getegid())]
    nobody = pwd.getpwnam("nobody")
    stand_in = as_user(nobody.pw_uid, nobody.pw_gid)
    unshare = shutil.which("unshare", path=SEARCH_PATH)
    if unshare is None:
        return [stand_in]
    mapped = RunAs(
        words="root, seen as nobody", owner_uid=0, owner_gid=0, prefix=(unshare, *UNSHARE)
    )
    result = mapped.run(["id", "-u"], timeout_s=PROBE_S_MAX, env={"PATH": SEARCH_PATH})
    is_mapped = result.returncode == 0 and result.stdout.strip() == "65534"
    return [mapped, stand_in] if is_mapped else [stand_in]


def as_user(uid: int, gid: int) -> RunAs:
    """Return the way for root to run a program as ``uid``."""
    return RunAs(words=f"user {uid}", owner_uid=uid, owner_gid=gid, user=uid, group=gid)
