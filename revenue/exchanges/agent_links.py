"""Payment links at Stripe that an agent's call makes: asked for once, and then only looked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kernel.modes import Mode
from kernel.retries import CallFailed
from revenue.exchanges.prices import look_after_price
from revenue.models import Offer, PaymentLink
from revenue.operations.agent_links import link_ref_of
from revenue.ports import LinkRecord, OpenedLink
from revenue.providers import gateway_for_tools
from toolrouter.ports import Call, OtherMode

OTHER_MODE: Final = "livemode_differs"  # the gateway's code


def prepare_price(offer: Offer, call: Call) -> None:
    """Let Stripe have the price of ``offer``, under keys of its own. It sells nothing.

    Raises the gateway's errors.
    """
    look_after_price(offer=offer, mode=Mode(call.mode), gateway=gateway_for_tools(), now=call.now)


def make_link(call_ref: str) -> OpenedLink:
    """Ask Stripe for the link of a call, once; the key is the call's reference."""
    link = PaymentLink.objects.get(call_ref=call_ref)
    with _modes_agree():
        return gateway_for_tools().make_payment_link(key=call_ref, parameters=link.parameters)


def find_link(call_ref: str) -> OpenedLink | None:
    """Look for the link of a call through all that Stripe lists."""
    with _modes_agree():
        return gateway_for_tools().find_payment_link(link_ref_of(call_ref))


def read_link(stripe_id: str) -> LinkRecord:
    """Read Stripe's own record of a link."""
    return gateway_for_tools().read_payment_link(stripe_id)


@contextmanager
def _modes_agree() -> Iterator[None]:
    """Tell an answer from another world than ours from one that did not come."""
    try:
        yield
    except CallFailed as error:
        if error.code == OTHER_MODE:
            raise OtherMode(error.code) from error
        raise
