"""Visits to payment links: each makes a checkout session of its own."""

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.behaviour.expiry import LIFE_S_DEFAULT
from sandbox.stripe.behaviour.line_items import fresh_items, keep_items, kept_items
from sandbox.stripe.shapes.checkout import new_session


def link_by_slug(context: RequestContext, slug: str) -> Doc | None:
    """The link whose address ends in ``slug`` (its id will do as well)."""
    row = context.store.row(
        "SELECT id FROM documents WHERE kind = 'payment_link'"
        " AND (json_extract(body, '$._slug') = ? OR id = ?)",
        (slug, slug),
    )
    return None if row is None else context.store.get(row["id"])


def open_session_of_link(context: RequestContext, link: Doc) -> Doc:
    """A fresh session with the link's goods, metadata and address to return to."""
    items = fresh_items(context, kept_items(context, link["id"]))
    redirect = link["after_completion"].get("redirect")
    expires_at = context.now + LIFE_S_DEFAULT
    session = context.store.add(
        new_session(
            now=context.now,
            base_url=context.settings.base_url,
            items=items,
            expires_at=expires_at,
            settings={
                "metadata": dict(link["metadata"]),
                "payment_link": link["id"],
                "success_url": None if redirect is None else redirect["url"],
                "customer_creation": link["customer_creation"],
                "submit_type": link["submit_type"],
                "_payment_intent_data": dict(link["_payment_intent_data"]),
            },
        )
    )
    keep_items(context, owner_id=session["id"], items=items)
    context.store.schedule("expire_session", session["id"], due_at=expires_at)
    return session
