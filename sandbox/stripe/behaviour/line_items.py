"""Line items of a session or link: a document beside its own."""

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.shapes.ids import new_id


def keep_items(context: RequestContext, *, owner_id: str, items: list[Doc]) -> None:
    """Remember the line items of a session or link."""
    context.store.add(
        {"id": f"{owner_id}_items", "object": "item_list", "data": items}, created=context.now
    )


def kept_items(context: RequestContext, owner_id: str) -> list[Doc]:
    """The line items of a session or link."""
    items: list[Doc] = context.store.get(f"{owner_id}_items")["data"]
    return items


def fresh_items(context: RequestContext, items: list[Doc]) -> list[Doc]:
    """The same items with ids of their own, for a session made from a link."""
    return [{**item, "id": new_id("item", now=context.now)} for item in items]
