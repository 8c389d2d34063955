"""What runs, with which environment: decided from the caller's environment, nothing looked up."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from trinity import guards
from trinity.stack import commands, secrets
from trinity.stack.children import Program
from trinity.stack.errors import StackError
from trinity.stack.home import Home
from trinity.stack.ports import Ports

OWNER_EMAIL: Final = "owner@trinity.localhost"
STAND_IN: Final = "stand-in"  # what the sandbox calls its model
PROVIDER_NAMES: Final = ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS", "STRIPE_API_BASE")
# They would make a stack slow (no bytecode kept), or point it at somebody else's settings.
LEFT_OUT: Final = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One stack: its environment and everything that follows from it."""

    home: Home
    ports: Ports
    env: Mapping[str, str]
    has_sandbox: bool

    @property
    def mode(self) -> str:
        """``live``, ``test`` or ``sandbox``."""
        return guards.mode(self.env)

    @property
    def base_url(self) -> str:
        """The public origin. Always ``localhost`` here: passkeys refuse 127.0.0.1."""
        return self.env["BASE_URL"]

    @property
    def sandbox_url(self) -> str:
        """The stand-in for Stripe, on a host name that shares no cookie with ours."""
        return f"http://127.0.0.1:{self.ports.sandbox}"

    @property
    def doors_url(self) -> str:
        """Where Stripe's posts are taken."""
        return f"http://127.0.0.1:{self.ports.doors}"

    @property
    def mcp_url(self) -> str:
        """Where agents call tools."""
        return f"http://localhost:{self.ports.mcp}/mcp"

    @property
    def addresses(self) -> dict[str, str]:
        """Return what people, Stripe and agents open."""
        ours = {"web": self.base_url, "doors": self.doors_url, "mcp": self.mcp_url}
        return ours | ({"sandbox": self.sandbox_url} if self.has_sandbox else {})

    def sandbox(self) -> Program:
        """Return the stand-in for Stripe."""
        return self._program("sandbox", commands.sandbox(), more=self._sandbox_env())

    def preparation(self) -> Program:
        """Return the step that migrates, gathers static files, and seeds offer and owner.

        A live deployment gets neither: its owner is invited, its offers are its own.
        """
        seeds = {} if self.mode == "live" else {"OWNER_EMAIL": self.owner, **self._password_file()}
        return self._program("prepare", commands.prepare(), more=seeds)

    def web(self) -> Program:
        """Return the web server."""
        return self._program("web", commands.web(host="127.0.0.1", port=str(self.ports.web)))

    def doors(self) -> Program:
        """Return Stripe's door."""
        return self._program("doors", commands.doors(host="127.0.0.1", port=str(self.ports.doors)))

    def mcp(self) -> Program:
        """Return the endpoint of agents."""
        return self._program("mcp", commands.mcp(host="127.0.0.1", port=str(self.ports.mcp)))

    def background(self) -> list[Program]:
        """Return what works behind the pages; TRINITY_WITHOUT leaves some out, to measure alone."""
        without = self.env.get("TRINITY_WITHOUT", "").split(",")
        all_of_them = [
            self._program("worker", commands.worker()),
            self._program("worker-tools", commands.tools_worker()),
            self._program("beat", commands.beat(home=str(self.home.path))),
        ]
        return [program for program in all_of_them if program.name not in without]

    def hermes(self) -> Program | None:
        """Return the agent's runtime, where this stack brings one."""
        if not brings_hermes(self.env, has_sandbox=self.has_sandbox):
            return None
        program = self._program("hermes", commands.hermes())
        return replace(program, is_optional=True)

    @property
    def owner(self) -> str:
        """Whose login the first start makes."""
        return self.env.get("OWNER_EMAIL") or OWNER_EMAIL

    def _program(
        self, name: str, argv: tuple[str, ...], *, more: Mapping[str, str] | None = None
    ) -> Program:
        env = secrets.for_process(name, {**self.env, **(more or {})})
        return Program(name=name, argv=argv, env=env, log=self.home.log / f"{name}.log")

    def _password_file(self) -> dict[str, str]:
        return {"OWNER_PASSWORD_FILE": str(self.home.path / "owner-password")}

    def _sandbox_env(self) -> dict[str, str]:
        folder = self.home.path / "sandbox"
        folder.mkdir(mode=0o700, exist_ok=True)
        return {
            "SANDBOX_HOME": str(folder),
            "SANDBOX_STRIPE_KEY": self.env["STRIPE_SECRET_KEY"],
            "SANDBOX_WEBHOOK_URL": f"{self.doors_url}/webhooks/stripe",
            "SANDBOX_WEBHOOK_SECRET": self.env["STRIPE_WEBHOOK_SECRETS"],
        }


def make(env: Mapping[str, str], *, home: Home, ports: Ports, stores: Mapping[str, str]) -> Plan:
    """Return the plan for ``env``, where ``stores`` has the addresses of database and broker.

    The caller has asked ``require_consistent`` first.
    """
    has_sandbox = uses_sandbox(env)
    full = {name: value for name, value in env.items() if name not in LEFT_OUT}
    full |= {
        **stores,
        **ports.as_env(),
        "TRINITY_HOME": str(home.path),
        "SECRET_KEY": env.get("SECRET_KEY") or home.secret("secret-key"),
        "BASE_URL": env.get("BASE_URL") or f"http://localhost:{ports.web}",
        "DJANGO_SETTINGS_MODULE": "trinity.settings",
        "PYTHONUNBUFFERED": "1",
    }
    if has_sandbox:
        full |= _sandbox_provider(
            home.secret("sandbox-key", prefix="sk_sandbox_"),
            home.secret("webhook-secret", prefix="whsec_"),
            port=ports.sandbox,
        )
        full["SEARCH_URL"] = env.get("SEARCH_URL", "").strip() or full["SEARCH_URL"]
    if brings_hermes(full, has_sandbox=has_sandbox):
        full |= {
            "HERMES_API_KEY": home.secret("hermes-key"),
            "HERMES_URL": f"http://127.0.0.1:{ports.hermes}",
            "HERMES_MODEL_URL": env.get("HERMES_MODEL_URL")
            or f"http://127.0.0.1:{ports.sandbox}/v1",
            "HERMES_MODEL": env.get("HERMES_MODEL") or STAND_IN,
            "HERMES_VENV": env.get("HERMES_VENV") or str(Path(sys.prefix).parent / "hermes-venv"),
        }
    return Plan(home=home, ports=ports, env=full, has_sandbox=has_sandbox)


def brings_hermes(env: Mapping[str, str], *, has_sandbox: bool) -> bool:
    """Say whether the stack brings the agent: where it is switched on, and runs nowhere else.

    It needs a model, which the sandbox has a stand-in for.
    """
    if env.get("HERMES", "").strip().lower() != "on":
        return False
    is_elsewhere = env.get("HERMES_URL", "") not in ("", f"http://127.0.0.1:{env['HERMES_PORT']}")
    return not is_elsewhere and (has_sandbox or bool(env.get("HERMES_MODEL_URL")))


def uses_sandbox(env: Mapping[str, str]) -> bool:
    """Say whether the stack brings its own stand-in: whoever names a provider means it."""
    return not any(env.get(name, "").strip() for name in PROVIDER_NAMES)


def require_consistent(env: Mapping[str, str]) -> None:
    """Raise StackError with every reason not to start with ``env``."""
    if uses_sandbox(env):
        found = guards.problems({**env, **_sandbox_provider("sk_sandbox_", "whsec_", port=1)})
    else:
        found = guards.problems(env)
    if not found and not uses_sandbox(env) and not env.get("STRIPE_SECRET_KEY", "").strip():
        found = [
            "STRIPE_API_BASE or STRIPE_WEBHOOK_SECRETS is set without STRIPE_SECRET_KEY; "
            "set all that your provider needs, or none to use the sandbox."
        ]
    if found:
        raise StackError(" ".join(found))


def _sandbox_provider(key: str, webhook_secret: str, *, port: int) -> dict[str, str]:
    return {
        "STRIPE_SECRET_KEY": key,
        "STRIPE_WEBHOOK_SECRETS": webhook_secret,
        "STRIPE_API_BASE": f"http://127.0.0.1:{port}",
        **_sandbox_web(port=port),
    }


def _sandbox_web(*, port: int) -> dict[str, str]:
    """Return where made-up companies are served for agents to read about, and their search."""
    here = f"http://127.0.0.1:{port}"
    return {"SANDBOX_WEB_URL": here, "SEARCH_URL": f"{here}/web"}
