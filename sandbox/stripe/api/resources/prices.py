"""``/v1/prices``."""

from typing import Final

from sandbox.store import Doc
from sandbox.stripe.api.call import Call, Endpoint
from sandbox.stripe.api.line_items import existing_product, read_currency, read_unit_amount
from sandbox.stripe.api.lists import Filter, list_of
from sandbox.stripe.api.metadata import merged
from sandbox.stripe.behaviour.events import emit
from sandbox.stripe.shapes.catalogue import new_price, new_product
from sandbox.stripe.shapes.errors import bad_param, missing_param, no_such


def create(call: Call) -> Doc:
    """Make a one-time price for a product."""
    params, context = call.params, call.context
    if params.has("recurring"):
        raise bad_param("recurring", "Recurring prices are not offered by the sandbox.")
    lookup_key = params.text("lookup_key", chars_max=200)
    if params.flag("transfer_lookup_key"):
        _take_over(call, lookup_key)
    _refuse_taken(call, lookup_key)
    params.text("billing_scheme", choices=("per_unit",))
    price = new_price(
        now=context.now,
        product=_product(call)["id"],
        currency=read_currency(params),
        unit_amount=read_unit_amount(params),
        metadata=params.metadata(),
        active=params.flag("active") is not False,
        nickname=params.text("nickname"),
        lookup_key=lookup_key,
    )
    behavior = params.text("tax_behavior", choices=("exclusive", "inclusive", "unspecified"))
    price["tax_behavior"] = behavior or "unspecified"
    emit(context, "price.created", context.store.add(price))
    return price


def _take_over(call: Call, lookup_key: str | None) -> None:
    """Take the lookup key from the price that has it."""
    held = call.context.store.row(
        "SELECT id FROM documents WHERE kind = 'price' AND json_extract(body, '$.lookup_key') = ?",
        (lookup_key,),
    )
    if held is not None:
        call.context.store.change(call.context.store.get(held["id"]), lookup_key=None)


def _refuse_taken(call: Call, lookup_key: str | None) -> None:
    """A lookup key names one price, and stays with it when that is switched off."""
    held = call.context.store.row(
        "SELECT id FROM documents WHERE kind = 'price' AND json_extract(body, '$.lookup_key') = ?",
        (lookup_key,),
    )
    if held is not None:
        raise bad_param("lookup_key", f"A price (`{held['id']}`) already uses that lookup key.")


def _product(call: Call) -> Doc:
    product_id, product_data = call.params.text("product"), call.params.child("product_data")
    if product_id is not None:
        return existing_product(call, product_id, param="product")
    if product_data is None:
        raise missing_param("product")
    product = new_product(
        now=call.context.now,
        name=product_data.required_text("name"),
        description=None,
        metadata=product_data.metadata(),
    )
    emit(call.context, "product.created", call.context.store.add(product))
    return product


def find(call: Call) -> Doc:
    """The price in the path, or Stripe's 404."""
    price = call.context.store.find(call.path["id"], "price")
    if price is None:
        raise no_such("price", call.path["id"])
    return price


def update(call: Call) -> Doc:
    """Only what Stripe lets one change: a price's sum is for good."""
    price, params = find(call), call.params
    before = dict(price)
    changes: Doc = {"metadata": merged(price["metadata"], params)}
    active = params.flag("active")
    if active is not None:
        changes["active"] = active
    if params.has("nickname"):
        changes["nickname"] = params.text("nickname")
    call.context.store.change(price, **changes)
    previous = {name: before[name] for name in changes if before[name] != price[name]}
    emit(call.context, "price.updated", price, previous=previous)
    return price


def list_prices(call: Call) -> Doc:
    """Newest first."""
    where = Filter()
    where.equal(call.params, "product", "currency")
    where.flag(call.params, "active")
    keys = call.params.texts("lookup_keys")
    if keys:
        marks = ", ".join("?" * len(keys))
        where.add(f"json_extract(body, '$.lookup_key') IN ({marks})", *keys)
    call.params.text("type", choices=("one_time", "recurring"))
    where.created(call.params)
    return list_of(call, "price", url="/v1/prices", where=where)


ENDPOINTS: Final = (
    Endpoint("POST", "/v1/prices", create),
    Endpoint("GET", "/v1/prices", list_prices),
    Endpoint("GET", "/v1/prices/{id}", find),
    Endpoint("POST", "/v1/prices/{id}", update),
)
