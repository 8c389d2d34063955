"""Line items in parameters: of a price that exists, or of one described on the spot."""

from typing import Final

from sandbox.store import Doc
from sandbox.stripe.api.call import Call
from sandbox.stripe.api.params import Params
from sandbox.stripe.shapes.catalogue import new_price, new_product
from sandbox.stripe.shapes.checkout import new_line_item
from sandbox.stripe.shapes.errors import bad_param, missing_param, no_such
from sandbox.stripe.shapes.money import SMALLEST_CHARGE_MINOR, formatted

UNIT_AMOUNT_MAX: Final = 99_999_999
ITEMS_MAX: Final = 100


def read_items(call: Call) -> list[Doc]:
    """The line items asked for, all in one currency and above the smallest charge."""
    wanted = call.params.children("line_items")
    if not wanted:
        raise missing_param("line_items")
    if len(wanted) > ITEMS_MAX:
        raise bad_param("line_items", f"At most {ITEMS_MAX} line items can be given.")
    items = [_read_item(call, each) for each in wanted]
    currencies = {item["currency"] for item in items}
    if len(currencies) > 1:
        raise bad_param("line_items", "All line items must have the same currency.")
    currency, total = currencies.pop(), sum(item["amount_total"] for item in items)
    smallest = SMALLEST_CHARGE_MINOR.get(currency, 0)
    if 0 < total < smallest:
        raise bad_param(
            "line_items",
            "The Checkout Session's total amount due must add up to at least"
            f" {formatted(smallest, currency)}",
            code="amount_too_small",
        )
    return items


def _read_item(call: Call, params: Params) -> Doc:
    quantity = params.integer("quantity", at_least=1, at_most=999_999)
    if quantity is None:
        raise missing_param(params.full("quantity"))
    price_id, price_data = params.text("price"), params.child("price_data")
    if price_id is not None and price_data is None:
        price = call.context.store.find(price_id, "price")
        if price is None:
            raise no_such("price", price_id, param=params.full("price"), status=400)
        if not price["active"]:
            raise bad_param(
                params.full("price"),
                "The price specified is inactive. This field only accepts active prices.",
            )
    elif price_data is not None:
        price = _price_on_the_spot(call, price_data)
    else:
        raise missing_param(params.full("price"))
    product = call.context.store.get(price["product"])
    if price_id is not None and not product["active"]:
        raise bad_param(
            params.full("price"),
            f"Price `{price_id}` is not available to be purchased because its product is not"
            " active.",
        )
    adjustable = params.child("adjustable_quantity")
    if adjustable is not None and adjustable.flag("enabled"):
        raise bad_param(params.full("adjustable_quantity"), "Not offered by the sandbox.")
    return new_line_item(price=price, name=product["name"], quantity=quantity, now=call.context.now)


def _price_on_the_spot(call: Call, params: Params) -> Doc:
    currency = read_currency(params)
    unit_amount = read_unit_amount(params)
    product_data, product_id = params.child("product_data"), params.text("product")
    params.text("tax_behavior")
    now = call.context.now
    if product_data is not None:
        product = call.context.store.add(
            new_product(
                now=now,
                name=product_data.required_text("name"),
                description=product_data.text("description"),
                metadata=product_data.metadata(),
                active=False,
            )
        )
    elif product_id is not None:
        product = existing_product(call, product_id, param=params.full("product"))
    else:
        raise missing_param(params.full("product"))
    return call.context.store.add(
        new_price(
            now=now,
            product=product["id"],
            currency=currency,
            unit_amount=unit_amount,
            metadata={},
            active=False,
        )
    )


def existing_product(call: Call, product_id: str, *, param: str) -> Doc:
    """The product, or Stripe's 400 for a parameter that names none."""
    product = call.context.store.find(product_id, "product")
    if product is None:
        raise no_such("product", product_id, param=param, status=400)
    return product


def read_currency(params: Params) -> str:
    """A three-letter code in lower case."""
    currency = params.required_text("currency").lower()
    if len(currency) != 3 or not currency.isalpha():
        raise bad_param(
            params.full("currency"), f"Invalid currency: {currency}.", code="invalid_currency"
        )
    return currency


def read_unit_amount(params: Params) -> int:
    """Minor units; ``unit_amount_decimal`` where it is whole."""
    amount = params.integer("unit_amount", at_least=0, at_most=UNIT_AMOUNT_MAX)
    if amount is None:
        amount = params.integer("unit_amount_decimal", at_least=0, at_most=UNIT_AMOUNT_MAX)
    if amount is None:
        raise missing_param(params.full("unit_amount"))
    return amount
