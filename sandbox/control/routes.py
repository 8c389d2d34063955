"""Everything under ``/_sandbox/``: what every vendor has, and what each of them adds."""

from collections.abc import Mapping, Sequence

from starlette.routing import Route

from sandbox.control.calls import call_routes
from sandbox.control.page import page_routes
from sandbox.state import RequestContext, State
from sandbox.vendor import Action, Arguments, Vendor, merged
from sandbox.webhooks import WebhookSender


def control_routes(state: State, sender: WebhookSender, vendors: Sequence[Vendor]) -> list[Route]:
    """The JSON calls first, then the control page."""
    actions = merged([{"reset": _reset(vendors)}, *(vendor.actions for vendor in vendors)])
    calls = [call for vendor in vendors for call in vendor.calls]
    tabs = [tab for vendor in vendors for tab in vendor.tabs]
    return [*call_routes(state, sender, actions, calls), *page_routes(state, actions, tabs)]


def _reset(vendors: Sequence[Vendor]) -> Action:
    def run(context: RequestContext, _: Arguments) -> Mapping[str, object]:
        context.store.wipe()
        for vendor in vendors:
            vendor.prepare(context)
        return {"object": "sandbox", "reset": True}

    return Action(run=run, done="Everything was forgotten.")
