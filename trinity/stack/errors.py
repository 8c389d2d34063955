"""The one way the stack says no."""


class StackError(Exception):
    """The stack cannot go on. The text is one clear sentence that says what to do."""
