"""What an agent is answered, in the one shape that all answers have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from toolrouter.vocabulary import Code, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Where a call stands. ``action`` is its reference, None where nothing was recorded.

    ``retry_after_s``: when it makes sense to ask again. A refusal is an answer, never an error.
    """

    status: Status
    action: str | None = None
    approval: str | None = None
    codes: tuple[Code, ...] = ()
    result: Mapping[str, Any] | None = None
    retry_after_s: int | None = None

    @classmethod
    def denied(cls, *codes: Code, retry_after_s: int | None = None) -> Self:
        """Return a refusal of which no row was made."""
        return cls(status=Status.DENIED, codes=codes, retry_after_s=retry_after_s)

    def as_content(self) -> dict[str, Any]:
        """Return it as structured content; its names are fixed."""
        return {
            "status": str(self.status),
            "action": self.action,
            "approval": self.approval,
            "codes": [str(code) for code in self.codes],
            "result": None if self.result is None else dict(self.result),
            "retry_after_s": self.retry_after_s,
        }
