"""The control page's tab for faults: put a rule in force, take it away."""

from typing import Any, Final

from sandbox.faults import BadFault, add_fault, clear_faults, fault_from, faults
from sandbox.state import RequestContext
from sandbox.vendor import Action, Arguments, Tab

# The fields of a rule that are numbers, and what the page calls them.
NUMBERS: Final = {
    "count": "How many times",
    "delay_ms": "Delay, in ms",
    "status": "Error status",
    "times": "Copies",
}


def _put_in_force(context: RequestContext, form: Arguments) -> object:
    return add_fault(context.store, fault_from(_typed(form)))


def _remove(context: RequestContext, form: Arguments) -> None:
    clear_faults(context.store, int(form["id"]))


def _typed(form: Arguments) -> dict[str, Any]:
    """A fault rule from form fields: the empty ones are not meant. Raises BadFault."""
    given = {name: value for name, value in form.items() if value != ""}
    for name in NUMBERS.keys() & given.keys():
        text = str(given[name]).strip()
        if not (text.isascii() and text.isdigit()):
            raise BadFault(f"“{NUMBERS[name]}” takes a whole number, such as 3")
        given[name] = int(text)
    return given


TROUBLE: Final = Tab(
    path="/_sandbox/trouble",
    title="Trouble",
    template="control/trouble.html",
    values=lambda state: {"rows": faults(state.store)},
)
TROUBLE_ACTIONS: Final = {
    "trouble": Action(run=_put_in_force, done="The rule is in force."),
    "calm": Action(run=_remove, done="The rule is gone."),
}
