"""``expand[]``: ids that the caller wants to see as whole objects."""

from collections.abc import Callable, Sequence
from typing import Final

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.api.lists import as_list
from sandbox.stripe.behaviour.rendering import as_shown, rendered
from sandbox.stripe.shapes.errors import ApiError

DEPTH_MAX: Final = 4


def expand(context: RequestContext, found: Doc, wanted: Sequence[str]) -> Doc:
    """Render ``found`` and put whole objects at the places named in ``wanted``."""
    shown = rendered(context, found)
    for path in wanted:
        steps = path.split(".")
        if len(steps) > DEPTH_MAX + (steps[0] == "data"):
            raise _cannot(path)
        _expand_at(context, shown, steps, path)
    return shown


def _expand_at(context: RequestContext, place: Doc, steps: Sequence[str], path: str) -> None:
    if place.get("object") == "list":
        if steps[0] != "data":
            raise _cannot(path)
        for item in place["data"]:
            if len(steps) > 1:
                _expand_at(context, item, steps[1:], path)
        return
    step, rest = steps[0], steps[1:]
    computed = COMPUTED.get((str(place.get("object")), step))
    if computed is not None:
        place[step] = computed(context, place)
    elif step not in place:
        if (place.get("object"), step) in ABSENT_WHILE_EMPTY:
            return
        raise _cannot(path)
    else:
        place[step] = _whole(context, place[step])
    if rest:
        for below in place[step] if isinstance(place[step], list) else [place[step]]:
            if isinstance(below, dict):
                _expand_at(context, below, rest, path)


def _whole(context: RequestContext, value: object) -> object:
    if isinstance(value, list):
        return [_whole(context, item) for item in value]
    if not isinstance(value, str):
        return value  # null, or expanded already by a longer path.
    found = context.store.find(value)
    return value if found is None else as_shown(context, found)


def _line_items(context: RequestContext, place: Doc) -> Doc:
    items = context.store.find(f"{place['id']}_items") or {"data": []}
    return as_list(items["data"], url=f"/v1/checkout/sessions/{place['id']}/line_items")


def _refunds(context: RequestContext, charge: Doc) -> Doc:
    rows = context.store.rows(
        "SELECT id FROM documents WHERE kind = 'refund'"
        " AND json_extract(body, '$.charge') = ? ORDER BY created DESC, seq DESC",
        (charge["id"],),
    )
    docs = [as_shown(context, context.store.get(row["id"])) for row in rows]
    return as_list(docs, url=f"/v1/charges/{charge['id']}/refunds")


COMPUTED: Final[dict[tuple[str, str], Callable[[RequestContext, Doc], Doc]]] = {
    ("checkout.session", "line_items"): _line_items,
    ("payment_link", "line_items"): _line_items,
    ("charge", "refunds"): _refunds,
}

# Stripe leaves these out until there is something to say; asking for them is no mistake.
ABSENT_WHILE_EMPTY: Final = frozenset({("refund", "failure_balance_transaction")})


def _cannot(path: str) -> ApiError:
    return ApiError(
        400, f"This property cannot be expanded ({path}).", code="parameter_invalid_expand"
    )
