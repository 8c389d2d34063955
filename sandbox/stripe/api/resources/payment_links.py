"""``/v1/payment_links``."""

from typing import Any, Final

from sandbox.store import Doc
from sandbox.stripe.api.call import Call, Endpoint
from sandbox.stripe.api.line_items import read_items
from sandbox.stripe.api.lists import Filter, as_list, list_of
from sandbox.stripe.api.metadata import merged
from sandbox.stripe.api.params import Params
from sandbox.stripe.api.resources.checkout_sessions import payment_intent_data
from sandbox.stripe.behaviour.events import emit
from sandbox.stripe.behaviour.line_items import keep_items, kept_items
from sandbox.stripe.shapes.checkout import new_payment_link
from sandbox.stripe.shapes.errors import bad_param, missing_param, no_such

AFTER: Final = ("redirect", "hosted_confirmation")


def create(call: Call) -> Doc:
    """Make an active link."""
    params, context = call.params, call.context
    items = read_items(call)
    wanted = payment_intent_data(params)
    settings: dict[str, Any] = {
        "metadata": params.metadata(),
        "payment_intent_data": _shown(wanted) if wanted else None,
        "_payment_intent_data": wanted,
    } | _changeable(params)
    for name in ("submit_type", "billing_address_collection", "customer_creation"):
        value = params.text(name)
        if value is not None:
            settings[name] = value
    types = params.texts("payment_method_types")
    if types:
        settings["payment_method_types"] = types
    link = context.store.add(
        new_payment_link(
            now=context.now,
            base_url=context.settings.base_url,
            currency=items[0]["currency"],
            settings=settings,
        ),
        created=context.now,
    )
    keep_items(context, owner_id=link["id"], items=items)
    emit(context, "payment_link.created", link)
    return link


def _shown(wanted: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in wanted.items() if name != "receipt_email"}
    return {
        **shown,
        "capture_method": None,
        "setup_future_usage": None,
        "transfer_group": None,
    }


def _changeable(params: Params) -> dict[str, Any]:
    """What may be given at first and changed later."""
    given: dict[str, Any] = {}
    after = params.child("after_completion")
    if after is not None:
        given["after_completion"] = _after_completion(after)
    restrictions = params.child("restrictions")
    if restrictions is not None:
        given["restrictions"] = _restrictions(restrictions)
    if params.has("inactive_message"):
        message = params.text("inactive_message", chars_max=500)
        given["inactive_message"] = message
    return given


def _after_completion(params: Params) -> dict[str, Any]:
    kind = params.required_text("type", choices=AFTER)
    if kind == "redirect":
        redirect = params.child("redirect")
        if redirect is None:
            raise missing_param(params.full("redirect"))
        url = redirect.required_text("url")
        if not url.startswith(("http://", "https://")):
            raise bad_param(redirect.full("url"), f"Not a valid URL: {url}", code="url_invalid")
        return {"redirect": {"url": url}, "type": kind}
    confirmation = params.child("hosted_confirmation")
    message = None if confirmation is None else confirmation.text("custom_message", chars_max=500)
    return {"hosted_confirmation": {"custom_message": message}, "type": kind}


def _restrictions(params: Params) -> dict[str, Any]:
    completed = params.child("completed_sessions")
    if completed is None:
        raise missing_param(params.full("completed_sessions"))
    limit = completed.integer("limit", at_least=1, at_most=99_999_999)
    if limit is None:
        raise missing_param(completed.full("limit"))
    return {"completed_sessions": {"count": 0, "limit": limit}}


def find(call: Call) -> Doc:
    """The link in the path, or Stripe's 404."""
    link = call.context.store.find(call.path["id"], "payment_link")
    if link is None:
        raise no_such("payment_link", call.path["id"], param="payment_link")
    return link


def update(call: Call) -> Doc:
    """Switch on or off, or change what happens afterwards."""
    link, params = find(call), call.params
    before = dict(link)
    changes = _changeable(params)
    if "restrictions" in changes and link["restrictions"] is not None:
        count = link["restrictions"]["completed_sessions"]["count"]
        changes["restrictions"]["completed_sessions"]["count"] = count
    active = params.flag("active")
    if active is not None:
        changes["active"] = active
    if params.has("metadata"):
        changes["metadata"] = merged(link["metadata"], params)
    call.context.store.change(link, **changes)
    previous = {name: before[name] for name in changes if before[name] != link[name]}
    if previous:
        emit(call.context, "payment_link.updated", link, previous=previous)
    return link


def list_links(call: Call) -> Doc:
    """Newest first, by whether they are active."""
    where = Filter()
    where.flag(call.params, "active")
    return list_of(call, "payment_link", url="/v1/payment_links", where=where)


def line_items(call: Call) -> Doc:
    """What the link sells."""
    link = find(call)
    call.params.integer("limit", at_least=1, at_most=100)
    return as_list(
        kept_items(call.context, link["id"]), url=f"/v1/payment_links/{link['id']}/line_items"
    )


ENDPOINTS: Final = (
    Endpoint("POST", "/v1/payment_links", create),
    Endpoint("GET", "/v1/payment_links", list_links),
    Endpoint("GET", "/v1/payment_links/{id}", find),
    Endpoint("POST", "/v1/payment_links/{id}", update),
    Endpoint("GET", "/v1/payment_links/{id}/line_items", line_items),
)
