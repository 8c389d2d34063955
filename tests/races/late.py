"""A gateway whose answer comes after something else has happened to the row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from revenue.adapters.stripe_gateway import StripeGateway
from revenue.ports import GatewayError


class Late:
    """Our adapter, whose call named ``slow`` is made, then waits for ``meanwhile``, then ends.

    It ends with Stripe's answer, or with ``error``.
    """

    def __init__(
        self,
        gateway: StripeGateway,
        *,
        slow: str,
        meanwhile: Callable[[], None],
        error: GatewayError | None = None,
    ) -> None:
        self._gateway, self._slow = gateway, slow
        self._meanwhile, self._error = meanwhile, error

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._gateway, name)
        return self._made_late(call) if name == self._slow else call

    def _made_late(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def made(*args: Any, **named: Any) -> Any:
            answer = call(*args, **named)
            self._meanwhile()
            if self._error is not None:
                raise self._error
            return answer

        return made
