"""What one vendor adds to the sandbox: each says it in its own ``vendor.py``, all in this shape."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.routing import BaseRoute

from sandbox.background import Job
from sandbox.state import RequestContext, State
from sandbox.webhooks import WebhookFormat, WebhookSender

Arguments = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that a person or a bank does on the vendor's side, in one transaction.

    A button of the control page sends a form, a program sends JSON to ``POST /_sandbox/<name>``;
    the result is JSON.
    """

    run: Callable[[RequestContext, Arguments], object]
    done: str  # what the control page says afterwards
    done_by_action: Mapping[str, str] = field(default_factory=dict)  # ... by the form's ``action``

    def sentence(self, form: Arguments) -> str:
        """What the control page says after this form."""
        return self.done_by_action.get(str(form.get("action")), self.done)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCall:
    """A call for programs only, ``<method> /_sandbox/<name>``; it may wait, and answers in JSON."""

    method: str
    name: str
    answer: Callable[[State, WebhookSender, Arguments], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A page of the control page: what it is called, and the values that its template shows."""

    path: str
    title: str
    template: str
    values: Callable[[State], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A stand-in for one vendor. What it does not have, it leaves out."""

    routes: Callable[[State, WebhookSender], Sequence[BaseRoute]]  # its API and its pages
    hosts: Sequence[str] = ()  # names that it answers to beside this machine's own
    sites: Callable[[State], Sequence[BaseRoute]] = lambda _: ()  # ... and what is at those
    api_path: str | None = None  # where its API begins
    api_broken: Mapping[str, Any] = field(default_factory=dict)  # the API's answer to a bug of ours
    schema: str = ""  # its tables beside the documents
    indexed_fields: Sequence[str] = ()  # of its documents, for its lists
    prepare: Callable[[RequestContext], None] = lambda _: None  # at each start, after each reset
    jobs: Mapping[str, Job] = field(default_factory=dict)  # what happens by itself when due
    webhooks: Mapping[str, WebhookFormat] = field(default_factory=dict)  # by kind of endpoint
    actions: Mapping[str, Action] = field(default_factory=dict)
    calls: Sequence[ControlCall] = ()
    tabs: Sequence[Tab] = ()


def merged(parts: Iterable[Mapping[str, T]]) -> dict[str, T]:
    """All of them in one. Raises LookupError where two use the same name."""
    together: dict[str, T] = {}
    for part in parts:
        if taken := together.keys() & part.keys():
            raise LookupError(f"two vendors use the name {', '.join(sorted(taken))}")
        together.update(part)
    return together
