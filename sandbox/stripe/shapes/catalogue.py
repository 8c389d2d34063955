"""The shapes of products and prices."""

from sandbox.store import Doc
from sandbox.stripe.shapes.ids import new_id


def new_product(
    *,
    now: int,
    name: str,
    description: str | None,
    metadata: dict[str, str],
    active: bool = True,
    product_id: str | None = None,
) -> Doc:
    """Something that can be sold."""
    return {
        "id": product_id or new_id("product", now=now),
        "object": "product",
        "active": active,
        "created": now,
        "default_price": None,
        "description": description,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": metadata,
        "name": name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": now,
        "url": None,
    }


def new_price(
    *,
    now: int,
    product: str,
    currency: str,
    unit_amount: int,
    metadata: dict[str, str],
    active: bool = True,
    nickname: str | None = None,
    lookup_key: str | None = None,
) -> Doc:
    """What one of a product costs, once."""
    return {
        "id": new_id("price", now=now),
        "object": "price",
        "active": active,
        "billing_scheme": "per_unit",
        "created": now,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": lookup_key,
        "metadata": metadata,
        "nickname": nickname,
        "product": product,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
    }
