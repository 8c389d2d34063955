"""What every vendor's own errors are kinds of."""


class Refused(Exception):
    """What was asked for cannot be done (any more). Nothing was changed."""

    status: int = 400
    """The HTTP status of the answer that says so."""
