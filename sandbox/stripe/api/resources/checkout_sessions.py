"""``/v1/checkout/sessions``."""

from typing import Any, Final

from sandbox.store import Doc
from sandbox.stripe.api.call import Call, Endpoint
from sandbox.stripe.api.line_items import read_items
from sandbox.stripe.api.lists import Filter, as_list, list_of
from sandbox.stripe.api.params import Params
from sandbox.stripe.behaviour.expiry import LIFE_S_DEFAULT, expire_if_due, expire_session
from sandbox.stripe.behaviour.line_items import keep_items, kept_items
from sandbox.stripe.shapes.checkout import new_session
from sandbox.stripe.shapes.errors import ApiError, bad_param, missing_param, no_such

LIFE_S_MAX: Final = 24 * 60 * 60
REFERENCE_CHARS_MAX: Final = 200
STATUSES: Final = ("open", "complete", "expired")


def create(call: Call) -> Doc:
    """Open a session for a guest. Unlike Stripe, it may expire sooner than in 30 minutes."""
    params, context = call.params, call.context
    params.required_text("mode", choices=("payment",))
    params.text("ui_mode", choices=("hosted_page", "hosted"))
    if not params.text("success_url"):
        raise missing_param("success_url")
    settings = _settings(params)
    life = _expires_at(call)
    items = read_items(call)
    session = context.store.add(
        new_session(
            now=context.now,
            base_url=context.settings.base_url,
            items=items,
            expires_at=life,
            settings=settings,
        )
    )
    keep_items(context, owner_id=session["id"], items=items)
    context.store.schedule("expire_session", session["id"], due_at=life)
    return session


def _settings(params: Params) -> dict[str, Any]:
    for name in ("success_url", "cancel_url"):
        url = params.text(name)
        if url is not None and not url.startswith(("http://", "https://")):
            raise bad_param(name, f"Not a valid URL: {url}", code="url_invalid")
    given: dict[str, Any] = {
        "success_url": params.text("success_url"),
        "cancel_url": params.text("cancel_url"),
        "client_reference_id": params.text("client_reference_id", chars_max=REFERENCE_CHARS_MAX),
        "customer_email": _email(params),
        "metadata": params.metadata(),
        "submit_type": params.text(
            "submit_type", choices=("auto", "book", "donate", "pay", "subscribe")
        ),
        "locale": params.text("locale"),
        "customer_creation": params.text("customer_creation", choices=("if_required",))
        or "if_required",  # "always" would need customers, which nobody here asks for.
        "_payment_intent_data": payment_intent_data(params),
    }
    types = params.texts("payment_method_types")
    if types:
        given["payment_method_types"] = types
    return given | _echoed(params)


def _echoed(params: Params) -> dict[str, Any]:
    """Settings that are shown again and change nothing here."""
    given: dict[str, Any] = {}
    address = params.text("billing_address_collection", choices=("auto", "required"))
    if address is not None:
        given["billing_address_collection"] = address
    promotions = params.flag("allow_promotion_codes")
    if promotions is not None:
        given["allow_promotion_codes"] = promotions
    for name in ("automatic_tax", "phone_number_collection", "adaptive_pricing"):
        child = params.child(name)
        if child is not None and child.flag("enabled"):
            raise bad_param(name, f"{name} is not offered by the sandbox.")
    custom_text = params.echo("custom_text")
    if isinstance(custom_text, dict):
        blank = dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        )
        given["custom_text"] = {**blank, **custom_text}
    return given


def payment_intent_data(params: Params) -> dict[str, Any]:
    """What the payment intent is to carry, once there is one."""
    below = params.child("payment_intent_data")
    if below is None:
        return {}
    return {
        "metadata": below.metadata(),
        "description": below.text("description", chars_max=1_000),
        "statement_descriptor": below.text("statement_descriptor", chars_max=22),
        "statement_descriptor_suffix": below.text("statement_descriptor_suffix", chars_max=22),
        "receipt_email": below.text("receipt_email"),
    }


def _email(params: Params) -> str | None:
    email = params.text("customer_email", chars_max=800)
    if email is not None and "@" not in email:
        raise bad_param("customer_email", f"Invalid email address: {email}", code="email_invalid")
    return email


def _expires_at(call: Call) -> int:
    now = call.context.now
    wanted = call.params.integer("expires_at")
    if wanted is None:
        return now + LIFE_S_DEFAULT
    if wanted > now + LIFE_S_MAX:
        raise bad_param(
            "expires_at", "The `expires_at` timestamp must be less than 24 hours from now."
        )
    return max(wanted, now)


def find(call: Call) -> Doc:
    """The session named in the path. Raises Stripe's 404."""
    session = call.context.store.find(call.path["id"], "checkout.session")
    if session is None:
        raise no_such("checkout.session", call.path["id"], param="session")
    return expire_if_due(call.context, session)


def expire(call: Call) -> Doc:
    """Close an open session now."""
    session = find(call)
    if session["status"] != "open":
        raise ApiError(
            400,
            f'Only Checkout Sessions with a status in ["open"] can be expired.'
            f" This Checkout Session has a status of {session['status']}.",
            is_kept=True,
        )
    return expire_session(call.context, session)


def list_sessions(call: Call) -> Doc:
    """Newest first, by payment, link, status or time."""
    where = Filter()
    where.equal(call.params, "payment_intent", "payment_link")
    status = call.params.text("status", choices=STATUSES)
    if status is not None:
        where.field("status", status)
    details = call.params.child("customer_details")
    if details is not None:
        email = details.required_text("email")
        where.add("json_extract(body, '$.customer_details.email') = ?", email)
    where.created(call.params)
    return list_of(call, "checkout.session", url="/v1/checkout/sessions", where=where)


def line_items(call: Call) -> Doc:
    """What the session sells."""
    session = find(call)
    call.params.integer("limit", at_least=1, at_most=100)
    return as_list(
        kept_items(call.context, session["id"]),
        url=f"/v1/checkout/sessions/{session['id']}/line_items",
    )


ENDPOINTS: Final = (
    Endpoint("POST", "/v1/checkout/sessions", create),
    Endpoint("GET", "/v1/checkout/sessions", list_sessions),
    Endpoint("GET", "/v1/checkout/sessions/{id}", find),
    Endpoint("POST", "/v1/checkout/sessions/{id}/expire", expire),
    Endpoint("GET", "/v1/checkout/sessions/{id}/line_items", line_items),
)
