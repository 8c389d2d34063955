"""TRINITY_HOME: the one folder that holds a stack's data, secrets, logs and state."""

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trinity.stack.errors import StackError

ROOT: Final = Path(__file__).resolve().parents[2]
# A unix socket's address holds 107 bytes; Postgres adds "/.s.PGSQL.5432" to its folder.
SOCKET_FOLDER_BYTES_MAX: Final = 107 - len("/.s.PGSQL.5432")
# Postgres splits its list of folders at commas, URLs at many signs: keep to plain ones.
PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9/._-]+")
ROOM_BYTES_MIN: Final = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Home:
    """One TRINITY_HOME. Everything in it is private to the user who runs the stack."""

    path: Path

    @classmethod
    def of(cls, env: Mapping[str, str]) -> "Home":
        """Return the home that ``env`` names, by default ``.trinity`` in the clone."""
        return cls(Path(env.get("TRINITY_HOME") or ROOT / ".trinity").expanduser().resolve())

    @property
    def log(self) -> Path:
        """The folder of the logs, one file per process."""
        return self.path / "log"

    @property
    def digest(self) -> str:
        """A short name for this home, for folders that must live elsewhere."""
        return hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]

    def prepare(self) -> None:
        """Make the folder. Raises StackError where there is no right or no room to."""
        try:
            if not self.path.exists():
                self.path.mkdir(parents=True)
                # Root's Postgres may have to run as another user, who must get through.
                self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.log.mkdir(exist_ok=True)
            is_ours = os.access(self.path, os.W_OK | os.X_OK)
        except (PermissionError, FileExistsError, NotADirectoryError):
            is_ours = False
        if not is_ours:
            raise StackError(
                f"{self.path} is not a folder that this user can write; set TRINITY_HOME to a "
                "folder of your own."
            )
        self._require_own_stack()
        require_room(self.path, bytes_free=shutil.disk_usage(self.path).free)

    def _require_own_stack(self) -> None:
        """Two users in one home would lock each other out of their files."""
        made = self.path / "secret-key"
        if made.exists() and made.stat().st_uid != os.geteuid():
            raise StackError(
                f"The stack in {self.path} belongs to user {made.stat().st_uid}; "
                "run this as that user, or set TRINITY_HOME to a folder of your own."
            )

    def secret(self, name: str, *, prefix: str = "") -> str:
        """Return the secret kept under ``name``, made at random the first time."""
        file = self.path / name
        if not file.exists():
            write_private(file, prefix + secrets.token_hex(24) + "\n")
        return file.read_text(encoding="ascii").strip()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold this home alone. Raises StackError when a stack already runs in it."""
        with (self.path / "stack.lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StackError(self._already_runs()) from error
            yield

    def state(self) -> dict[str, Any]:
        """Return what the last stack wrote about itself; empty when there was none."""
        try:
            found: dict[str, Any] = json.loads((self.path / "stack.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return found

    def write_state(self, state: Mapping[str, Any]) -> None:
        """Replace the state file at once, so that a reader never sees half of it."""
        write_private(self.path / "stack.json", json.dumps(state, indent=2) + "\n")

    def socket_folder(self) -> Path:
        """Return the folder for unix sockets: in here, or in /tmp where this path is too long."""
        inside = self.path / "run"
        return inside if fits_a_socket(inside) else self.socket_folder_elsewhere

    @property
    def socket_folder_elsewhere(self) -> Path:
        """The folder in /tmp; ``claim_folder`` makes sure that it is ours."""
        return Path("/tmp") / f"trinity-{os.geteuid()}-{self.digest}"  # noqa: S108  # claimed

    def _already_runs(self) -> str:
        address = self.state().get("addresses", {}).get("web")
        where = f" at {address}" if address else ""
        return (
            f"A stack already runs in {self.path}{where}; stop it, or start another with its own "
            "TRINITY_HOME and PORT, MCP_PORT and SANDBOX_PORT."
        )


def fits_a_socket(folder: Path) -> bool:
    """Say whether sockets in ``folder`` have an address that all programs understand."""
    text = str(folder)
    return len(os.fsencode(text)) <= SOCKET_FOLDER_BYTES_MAX and bool(PLAIN_PATH.fullmatch(text))


def claim_folder(folder: Path, *, uid: int, gid: int) -> None:
    """Make ``folder`` private to ``uid``, or make sure that it already is.

    Raises StackError when somebody else got there first, as they may in /tmp.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {uid, os.geteuid()}:
            raise StackError(
                f"{folder} belongs to somebody else; remove it, or set TRINITY_HOME to another "
                "folder."
            ) from None
        folder.chmod(0o700)
    if folder.stat().st_uid != uid:
        os.chown(folder, uid, gid)


def write_private(file: Path, text: str) -> None:
    """Write ``text`` so that only this user can read it, all of it or nothing."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def require_room(folder: Path, *, bytes_free: int) -> None:
    """Raise StackError unless the disk under ``folder`` has room to work."""
    if bytes_free < ROOM_BYTES_MIN:
        raise StackError(
            f"The disk that holds {folder} is full ({bytes_free // 2**20} MB free, "
            f"{ROOM_BYTES_MIN // 2**20} MB needed); make room, or set TRINITY_HOME to a folder "
            "on another disk."
        )
