"""The agent's runtime on this machine: what it is told, and with how little it is started.

It knows nothing but the key that it asks for, a seat for each lane and the model's key, and has no
tool but ours. Its home is thrown away at each start: what was said in it, we keep ourselves.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trinity.stack.home import write_private

TOOLS_OFF: Final = ["no_mcp"]
CONTEXT_TOKENS: Final = 65_536  # said, because it would ask the internet
ANSWER_TOKENS_MAX: Final = 8_192
TURNS_MAX: Final = 90
TOOL_S_MAX: Final = 20
MODEL_S_MAX: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Where the model is asked, and as whom."""

    url: str
    name: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hermes:
    """One Hermes: where it listens, what it asks of us, and what it may reach."""

    port: int
    host: str
    key: str
    mcp_url: str
    model: Model
    seats: Mapping[str, str]  # lane -> token

    def write(self, folder: Path) -> None:
        """Make its home in ``folder``, which is emptied; all of it private."""
        for inside in list(folder.iterdir()):
            shutil.rmtree(
                inside
            ) if inside.is_dir() and not inside.is_symlink() else inside.unlink()
        (folder / "empty").mkdir(mode=0o700)
        home = folder / "home"
        home.mkdir(mode=0o700)
        write_private(home / "config.yaml", json.dumps(self._of_the_gateway()))
        for number, lane in enumerate(self.seats, start=1):
            profile = home / "profiles" / f"w{number}"
            profile.mkdir(mode=0o700, parents=True)
            write_private(profile / "config.yaml", json.dumps(self._common([lane])))

    def _of_the_gateway(self) -> dict[str, Any]:
        extra = {"key": self.key, "host": self.host, "port": self.port}
        return {
            **self._common(TOOLS_OFF),
            "platforms": {"api_server": {"enabled": True, "extra": extra}},
            "mcp_servers": {lane: self._server(token) for lane, token in self.seats.items()},
        }

    def _server(self, token: str) -> dict[str, Any]:
        return {
            "url": self.mcp_url,
            "headers": {"Authorization": f"Bearer {token}"},
            "timeout": TOOL_S_MAX,
            "connect_timeout": TOOL_S_MAX,
            "skip_preflight": True,
            "sampling": {"enabled": False},
            "elicitation": {"enabled": False},
            "tools": {"resources": False, "prompts": False},
        }

    def _common(self, toolsets: Sequence[str]) -> dict[str, Any]:
        """Return what every profile says: no tool of its own, nothing kept, nothing looked up."""
        return {
            "model": {
                "default": self.model.name,
                "provider": "custom:trinity",
                "context_length": CONTEXT_TOKENS,
                "max_tokens": ANSWER_TOKENS_MAX,
            },
            "providers": {
                "trinity": {
                    "api": self.model.url,
                    "api_key": self.model.key,
                    "default_model": self.model.name,
                    "discover_models": False,
                    "request_timeout_seconds": MODEL_S_MAX,
                    "stale_timeout_seconds": MODEL_S_MAX,
                }
            },
            "platform_toolsets": {each: list(toolsets) for each in ("api_server", "cli", "cron")},
            "agent": {
                "max_turns": TURNS_MAX,
                "restart_drain_timeout": TOOL_S_MAX,
                "environment_probe": False,
                "coding_context": "off",
                "api_max_retries": 2,
            },
            "memory": {"memory_enabled": False, "user_profile_enabled": False},
            "curator": {"enabled": False},
            "kanban": {"dispatch_in_gateway": False},
            "lsp": {"enabled": False},
            "model_catalog": {"enabled": False},
            "auxiliary": {"title_generation": {"enabled": False}},
            "security": {"tirith_enabled": False},
            "gateway": {
                "multiplex_profiles": True,
                "api_server": {"max_concurrent_runs": len(self.seats)},
            },
        }


def environment(folder: Path, *, home: str) -> dict[str, str]:
    """Return all that its process finds in its environment: no secret.

    ``home`` is the stack's, by which a process is known as one of its own.
    """
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HERMES_HOME": str(folder / "home"),
        "HOME": str(folder / "empty"),
        "TRINITY_HOME": home,
        "PYTHONUNBUFFERED": "1",
    }


def give(folder: Path, *, uid: int, gid: int) -> None:
    """Let ``folder`` and all in it be theirs."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, gid, follow_symlinks=False)
