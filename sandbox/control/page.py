"""The control page at ``/_sandbox/``: look at everything, and play the other side, by hand.

It listens on loopback only and needs no key: its forms carry a token that another site's page
cannot know.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.control.faults import TROUBLE, TROUBLE_ACTIONS
from sandbox.control.form_token import cookie_name, is_our_form, token_for
from sandbox.errors import Refused
from sandbox.pages import page, read_form
from sandbox.state import State
from sandbox.vendor import Action, Arguments, Tab, merged

FIRST_TAB: Final = "/_sandbox/"
MESSAGE_NOTE: Final = "flash"


def page_routes(
    state: State, actions: Mapping[str, Action], vendors_tabs: Sequence[Tab]
) -> list[Route]:
    """A page per tab, and one address that all their buttons send their forms to."""
    buttons = merged([TROUBLE_ACTIONS, actions])
    tabs = [*vendors_tabs, TROUBLE]
    titles = {tab.path: tab.title for tab in tabs}

    def route(tab: Tab) -> Route:
        async def show(request: Request) -> Response:
            return _page(state, request, tab, titles)

        return Route(tab.path, show, methods=["GET"])

    async def press(request: Request) -> Response:
        form = await read_form(request)
        back = form.pop("back", FIRST_TAB)
        if not is_our_form(state.settings, request, form.pop("token", "")):
            return page("control/stale.html", status=403, tabs=titles, here="")
        _remember(state, *_do(state, buttons.get(request.path_params["name"]), form))
        state.wake()
        return RedirectResponse(back if back in titles else FIRST_TAB, 303)

    return [
        *(route(tab) for tab in tabs),
        Route("/_sandbox/control/{name}", press, methods=["POST"]),
    ]


def _do(state: State, action: Action | None, form: Arguments) -> tuple[str, str]:
    """Do it; give a tone and a sentence for the page."""
    if action is None:
        return "bad", "There is no such button."
    try:
        with state.store.transaction():
            action.run(state.context(), form)
    except (Refused, LookupError, ValueError) as error:
        return "bad", f"Not done: {error}"
    return "good", action.sentence(form)


def _page(state: State, request: Request, tab: Tab, titles: Mapping[str, str]) -> Response:
    settings = state.settings
    cookie = request.cookies.get(cookie_name(settings)) or secrets.token_urlsafe(24)
    response = page(
        tab.template,
        tabs=titles,
        here=tab.path,
        token=token_for(settings, cookie),
        message=_last_message(state),
        **tab.values(state),
    )
    response.set_cookie(
        cookie_name(settings), cookie, httponly=True, samesite="strict", path="/_sandbox"
    )
    return response


def _remember(state: State, tone: str, sentence: str) -> None:
    state.store.set_note(MESSAGE_NOTE, f"{tone}|{sentence}")


def _last_message(state: State) -> dict[str, str] | None:
    """The sentence about the last button, once."""
    tone, _, sentence = (state.store.note(MESSAGE_NOTE) or "").partition("|")
    if not sentence:
        return None
    state.store.set_note(MESSAGE_NOTE, "")
    return {"tone": tone, "sentence": sentence}
