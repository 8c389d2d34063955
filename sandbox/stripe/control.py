"""The control page at ``/_sandbox/``."""

from starlette.routing import Route

from sandbox.stripe.delivery import Postman
from sandbox.world import World


def control_routes(_: World, __: Postman) -> list[Route]:
    """Its routes."""
    return []
