"""``/v1/products``."""

from typing import Final

from sandbox.store import Doc
from sandbox.stripe.api.call import Call, Endpoint
from sandbox.stripe.api.lists import Filter, list_of
from sandbox.stripe.api.metadata import merged
from sandbox.stripe.behaviour.events import emit
from sandbox.stripe.shapes.catalogue import new_product
from sandbox.stripe.shapes.errors import ApiError, no_such


def create(call: Call) -> Doc:
    """Make a product, under the caller's own id if one is given."""
    params, context = call.params, call.context
    wanted_id = params.text("id")
    if wanted_id is not None and context.store.find(wanted_id) is not None:
        raise ApiError(
            400,
            f"Product already exists: {wanted_id}",
            code="resource_already_exists",
            param="id",
            is_kept=True,
        )
    product = new_product(
        now=context.now,
        name=params.required_text("name"),
        description=params.text("description"),
        metadata=params.metadata(),
        active=params.flag("active") is not False,
        product_id=wanted_id,
    )
    _shown_only(call, product)
    emit(context, "product.created", context.store.add(product))
    return product


def _shown_only(call: Call, product: Doc) -> None:
    """Fields that are stored and shown, and change nothing here."""
    for name in ("statement_descriptor", "tax_code", "unit_label", "url", "type"):
        value = call.params.text(name)
        if value is not None:
            product[name] = value
    images = call.params.texts("images")
    if images:
        product["images"] = images


def find(call: Call) -> Doc:
    """The product in the path, or Stripe's 404."""
    product = call.context.store.find(call.path["id"], "product")
    if product is None:
        raise no_such("product", call.path["id"])
    return product


def update(call: Call) -> Doc:
    """Change name, description, active, metadata."""
    product, params = find(call), call.params
    before = dict(product)
    changes: Doc = {"updated": call.context.now}
    for name in ("name", "description"):
        if params.has(name):
            changes[name] = params.text(name)
    active = params.flag("active")
    if active is not None:
        changes["active"] = active
    default_price = params.text("default_price")
    if default_price is not None:
        if call.context.store.find(default_price, "price") is None:
            raise no_such("price", default_price, param="default_price", status=400)
        changes["default_price"] = default_price
    changes["metadata"] = merged(product["metadata"], params)
    _shown_only(call, product)
    call.context.store.change(product, **changes)
    previous = {name: before[name] for name in changes if before[name] != product[name]}
    emit(call.context, "product.updated", product, previous=previous)
    return product


def list_products(call: Call) -> Doc:
    """Newest first."""
    where = Filter()
    where.flag(call.params, "active")
    ids = call.params.texts("ids")
    if ids:
        where.add(f"id IN ({', '.join('?' * len(ids))})", *ids)
    where.created(call.params)
    return list_of(call, "product", url="/v1/products", where=where)


ENDPOINTS: Final = (
    Endpoint("POST", "/v1/products", create),
    Endpoint("GET", "/v1/products", list_products),
    Endpoint("GET", "/v1/products/{id}", find),
    Endpoint("POST", "/v1/products/{id}", update),
)
