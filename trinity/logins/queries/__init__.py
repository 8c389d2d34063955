"""What may be asked about logins. Nothing here writes."""

from trinity.logins.queries.pages import logins, refusals

__all__ = ["logins", "refusals"]
