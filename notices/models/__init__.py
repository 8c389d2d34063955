"""What was said, and what is to be said."""

from notices.models.alerts import OperatorAlert

__all__ = ["OperatorAlert"]
