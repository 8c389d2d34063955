"""One API call, taken apart: what an endpoint's handler is given, and how endpoints are listed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.api.params import Params


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What was asked, when, and with which words in the path."""

    context: RequestContext
    params: Params
    path: Mapping[str, str]


Handler = Callable[[Call], Doc]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line of the API: ``POST /v1/refunds`` and the function that answers it."""

    method: str
    path: str
    handler: Handler
