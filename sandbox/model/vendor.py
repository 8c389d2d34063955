"""The model, as the sandbox knows it: what it answers, and how it is told to misbehave."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.routing import BaseRoute

from sandbox.model.api import api_routes
from sandbox.model.misbehaviour import WHAT, Misbehaviour, behave, set_misbehaviour, state
from sandbox.model.replies import MODEL
from sandbox.state import RequestContext, State
from sandbox.vendor import Action, Arguments, Tab, Vendor
from sandbox.webhooks import WebhookSender


def _routes(sandbox: State, _: WebhookSender) -> Sequence[BaseRoute]:
    return api_routes(sandbox)


def _misbehave(context: RequestContext, given: Arguments) -> object:
    """Take ``kind`` and ``runs``. Raises ValueError."""
    runs = str(given.get("runs", 1)).strip()
    if not (runs.isascii() and runs.isdigit()):
        raise ValueError("“Runs” takes a whole number, such as 1")
    kind = str(given.get("kind", ""))
    if kind not in set(Misbehaviour):
        raise ValueError(f"kind must be one of {', '.join(Misbehaviour)}")
    set_misbehaviour(context.store, Misbehaviour(kind), runs=int(runs))
    return state(context.store)


def _behave(context: RequestContext, _: Arguments) -> object:
    behave(context.store)
    return state(context.store)


def _shown(sandbox: State) -> Mapping[str, Any]:
    kept = state(sandbox.store)
    return {
        "model": MODEL,
        "address": f"{sandbox.settings.base_url}/v1",
        "kinds": {str(kind): words for kind, words in WHAT.items()},
        "next": WHAT[Misbehaviour(kept["next"])] if kept["left"] else "",
        "left": kept["left"],
        "runs": {run: WHAT[Misbehaviour(kind)] for run, kind in kept["runs"].items()},
    }


MODEL_STAND_IN: Final = Vendor(
    routes=_routes,
    api_path="/v1/chat/completions",
    api_broken={"error": {"message": "The sandbox broke.", "type": "sandbox_error"}},
    actions={
        "misbehave": Action(run=_misbehave, done="The next runs will be worked on so."),
        "behave": Action(run=_behave, done="The model behaves again."),
    },
    tabs=(
        Tab(path="/_sandbox/model", title="Model", template="model/control.html", values=_shown),
    ),
)
