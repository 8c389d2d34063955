"""The control page at ``/_sandbox/``: look at everything, and play the bank, by hand.

It listens on loopback only and needs no key: its forms carry a token that another site's page
cannot know.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.faults import EFFECTS, BadFault, add_fault, clear_faults, fault_from, faults
from sandbox.pages import page, security_headers
from sandbox.stripe import overview
from sandbox.stripe.deeds import DEEDS
from sandbox.stripe.disputing import REASONS
from sandbox.stripe.forms import decode
from sandbox.stripe.money import minor_units
from sandbox.stripe.params import Params
from sandbox.stripe.problems import Problem
from sandbox.world import World

FORM_BYTES_MAX: Final = 20_000
TABS: Final = {
    "/_sandbox/": "Sessions",
    "/_sandbox/payments": "Payments",
    "/_sandbox/webhooks": "Webhooks",
    "/_sandbox/trouble": "Trouble",
}
DONE: Final = {
    "refunds": "The refund was made.",
    "disputes": "The dispute is open.",
    "settle": "The bank has answered.",
    "expire": "The session has expired.",
    "resend": "The event is being sent again.",
    "payouts": "The payout was made.",
    "reset": "Everything was forgotten.",
    "trouble": "The rule is in force.",
    "calm": "The rule is gone.",
}
# What a dispute's own buttons did, by their action.
DISPUTE_DONE: Final = {
    "escalate": "The inquiry is a dispute now; the money was withdrawn.",
    "submit_evidence": "The seller's answer is with the bank.",
    "win": "The seller won; the money comes back.",
    "lose": "The seller lost; the money stays with the buyer.",
    "close": "The inquiry is closed.",
}
# The fields of a rule that are numbers, and what the page calls them.
NUMBERS: Final = {
    "count": "How many times",
    "delay_ms": "Delay, in ms",
    "status": "Error status",
    "times": "Copies",
}
Show = Callable[[World], Mapping[str, Any]]


def control_routes(world: World) -> list[Route]:
    """Four tabs to look at and one door for their buttons."""
    shows: dict[str, tuple[str, Show]] = {
        "/_sandbox/": ("sessions", lambda w: {"rows": overview.sessions(w)}),
        "/_sandbox/payments": (
            "payments",
            lambda w: {"rows": overview.payments(w), "reasons": REASONS},
        ),
        "/_sandbox/webhooks": ("webhooks", lambda w: {"rows": overview.webhooks(w)}),
        "/_sandbox/trouble": (
            "trouble",
            lambda w: {"rows": faults(w.store), "effects": EFFECTS},
        ),
    }

    def tab(path: str) -> Route:
        template, show = shows[path]

        async def look(request: Request) -> Response:
            return _look(world, request, path, template, show(world))

        return Route(path, look, methods=["GET"])

    async def act(request: Request) -> Response:
        form = decode((await request.body())[:FORM_BYTES_MAX])
        back = str(form.pop("back", "/_sandbox/"))
        if not _is_ours(world, request, str(form.pop("token", ""))):
            return page("stripe/control/stale.html", status=403, tabs=TABS, here="")
        _remember(world, _do(world, request.path_params["deed"], form))
        world.wake()
        return RedirectResponse(back if back in TABS else "/_sandbox/", 303)

    return [
        *(tab(path) for path in shows),
        Route("/_sandbox/control/{deed}", act, methods=["POST"]),
    ]


def _do(world: World, deed: str, form: dict[str, Any]) -> tuple[str, str]:
    """Do it; give a tone and a sentence for the page."""
    done = DISPUTE_DONE.get(str(form.get("action")), DONE.get(deed, "Done."))
    try:
        if deed == "trouble":
            add_fault(world.store, fault_from(_typed(form)))
        elif deed == "calm":
            clear_faults(world.store, int(form["id"]))
        elif deed in DEEDS:
            params = Params(_in_minor_units(form))
            with world.store.transaction():
                DEEDS[deed](world.moment(), params)
                params.refuse_unknown()
        else:
            return "bad", "There is no such button."
    except (Problem, BadFault, LookupError, ValueError) as error:
        return "bad", f"Not done: {error}"
    return "good", done


def _in_minor_units(form: Mapping[str, Any]) -> dict[str, Any]:
    """Read the sum that a person typed. Raises ValueError."""
    given = dict(form)
    if "typed" in given:
        given["amount"] = str(minor_units(given.pop("typed"), str(given.pop("currency", ""))))
    return given


def _typed(form: Mapping[str, Any]) -> dict[str, Any]:
    """A fault rule from form fields: the empty ones are not meant. Raises BadFault."""
    given = {name: value for name, value in form.items() if value != ""}
    for name in NUMBERS.keys() & given.keys():
        text = str(given[name]).strip()
        if not (text.isascii() and text.isdigit()):
            raise BadFault(f"“{NUMBERS[name]}” takes a whole number, such as 3")
        given[name] = int(text)
    return given


def _look(
    world: World, request: Request, path: str, template: str, shown: Mapping[str, Any]
) -> Response:
    cookie = request.cookies.get(_cookie_name(world)) or secrets.token_urlsafe(24)
    response = page(
        f"stripe/control/{template}.html",
        tabs=TABS,
        here=path,
        token=_token(world, cookie),
        note=_recall(world),
        seller=world.settings.seller_name,
        webhook_url=world.settings.webhook_url,
        **shown,
    )
    response.headers.update(security_headers())
    response.set_cookie(
        _cookie_name(world), cookie, httponly=True, samesite="strict", path="/_sandbox"
    )
    return response


def _remember(world: World, note: tuple[str, str]) -> None:
    world.store.set_note("flash", "|".join(note))


def _recall(world: World) -> dict[str, str] | None:
    """The sentence about the last button, once."""
    tone, _, words = (world.store.note("flash") or "").partition("|")
    if not words:
        return None
    world.store.set_note("flash", "")
    return {"tone": tone, "words": words}


def _cookie_name(world: World) -> str:
    return f"sandbox_{world.settings.port}"


def _token(world: World, cookie: str) -> str:
    key = world.settings.stripe_key.encode()
    return hmac.new(key, f"control:{cookie}".encode(), hashlib.sha256).hexdigest()


def _is_ours(world: World, request: Request, token: str) -> bool:
    cookie = request.cookies.get(_cookie_name(world), "")
    origin = request.headers.get("origin")
    hosts = ("127.0.0.1", "localhost")
    allowed = {f"http://{host}:{world.settings.port}" for host in hosts} | {None, "null"}
    return bool(cookie) and origin in allowed and hmac.compare_digest(token, _token(world, cookie))
