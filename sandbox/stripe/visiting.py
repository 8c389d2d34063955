"""A visit to a payment link: each makes a checkout session of its own."""

from sandbox.store import Doc
from sandbox.stripe.items import fresh_items, keep_items, kept_items
from sandbox.stripe.sessions import LIFE_S_DEFAULT
from sandbox.stripe.shapes.checkout import new_session
from sandbox.world import Moment


def link_by_slug(moment: Moment, slug: str) -> Doc | None:
    """The link whose address ends in ``slug`` (its id will do as well)."""
    row = moment.store.row(
        "SELECT id FROM documents WHERE kind = 'payment_link'"
        " AND (json_extract(body, '$._slug') = ? OR id = ?)",
        (slug, slug),
    )
    return None if row is None else moment.store.get(row["id"])


def open_session_of_link(moment: Moment, link: Doc) -> Doc:
    """A fresh session with the link's goods, metadata and landing address."""
    items = fresh_items(moment, kept_items(moment, link["id"]))
    redirect = link["after_completion"].get("redirect")
    expires_at = moment.now + LIFE_S_DEFAULT
    session = moment.store.add(
        new_session(
            now=moment.now,
            base_url=moment.settings.base_url,
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
    keep_items(moment, owner_id=session["id"], items=items)
    moment.store.schedule("expire_session", session["id"], due_at=expires_at)
    return session
