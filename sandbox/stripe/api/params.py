"""Reading request parameters with Stripe's strictness: typed, and nothing unknown gets past."""

from collections.abc import Collection, Mapping
from typing import Any, Final, Self

from sandbox.stripe.api.forms import Tree
from sandbox.stripe.shapes.errors import ApiError, bad_param, missing_param

METADATA_KEYS_MAX: Final = 50
METADATA_KEY_CHARS_MAX: Final = 40
METADATA_VALUE_CHARS_MAX: Final = 500
TEXT_CHARS_MAX: Final = 5_000


class Params:
    """One level of parameters. Reading a name marks it as known; ``refuse_unknown`` checks."""

    def __init__(self, tree: Mapping[str, Any], *, prefix: str = "") -> None:
        self._tree = tree
        self._prefix = prefix
        self._known: set[str] = set()
        self._below: list[Params] = []

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The same reader over JSON: there, too, nothing unknown gets past."""
        return cls(_as_tree(values))

    def has(self, name: str) -> bool:
        """Whether the caller sent ``name`` at all."""
        return name in self._tree

    def text(
        self,
        name: str,
        *,
        choices: Collection[str] | None = None,
        chars_max: int = TEXT_CHARS_MAX,
    ) -> str | None:
        """A string, or None when absent or empty."""
        value = self._scalar(name)
        if not value:
            return None
        if choices is not None and value not in choices:
            known = ", ".join(sorted(choices))
            raise bad_param(self.full(name), f"Invalid {self.full(name)}: must be one of {known}")
        if len(value) > chars_max:
            raise bad_param(
                self.full(name),
                f"Invalid string: {value[:20]}…; must be at most {chars_max} characters",
            )
        return value

    def required_text(
        self,
        name: str,
        *,
        choices: Collection[str] | None = None,
        chars_max: int = TEXT_CHARS_MAX,
    ) -> str:
        """A string that must be there."""
        value = self.text(name, choices=choices, chars_max=chars_max)
        if value is None:
            raise missing_param(self.full(name))
        return value

    def integer(
        self, name: str, *, at_least: int | None = None, at_most: int | None = None
    ) -> int | None:
        """A whole number within bounds, or None when absent."""
        value = self._scalar(name)
        if value is None or value == "":
            return None
        try:
            number = int(value)
        except ValueError:
            raise bad_param(
                self.full(name), f"Invalid integer: {value}", code="parameter_invalid_integer"
            ) from None
        if at_least is not None and number < at_least:
            raise bad_param(
                self.full(name),
                f"Invalid integer: {number}; must be at least {at_least}",
                code="parameter_invalid_integer",
            )
        if at_most is not None and number > at_most:
            raise bad_param(
                self.full(name),
                f"Invalid integer: {number}; must be at most {at_most}",
                code="parameter_invalid_integer",
            )
        return number

    def flag(self, name: str) -> bool | None:
        """True, False, or None when absent."""
        value = self._scalar(name)
        if value is None or value == "":
            return None
        if value not in {"true", "false"}:
            raise bad_param(self.full(name), f"Invalid boolean: {value}")
        return value == "true"

    def child(self, name: str) -> Self | None:
        """A nested object, or None when absent."""
        value = self._any(name)
        if value is None or value == "":
            return None
        if not isinstance(value, Mapping):
            raise bad_param(self.full(name), "Invalid object")
        return self._descend(value, self.full(name))

    def children(self, name: str) -> list[Self]:
        """A list of objects, in the order of their numbers."""
        value = self._any(name)
        if value is None or value == "":
            return []
        if not isinstance(value, Mapping) or not all(key.isdecimal() for key in value):
            raise bad_param(self.full(name), "Invalid array")
        items = []
        for key in sorted(value, key=int):
            if not isinstance(value[key], Mapping):
                raise bad_param(f"{self.full(name)}[{key}]", "Invalid object")
            items.append(self._descend(value[key], f"{self.full(name)}[{key}]"))
        return items

    def texts(self, name: str) -> list[str]:
        """A list of strings."""
        value = self._any(name)
        if value is None or value == "":
            return []
        if not isinstance(value, Mapping) or not all(key.isdecimal() for key in value):
            raise bad_param(self.full(name), "Invalid array")
        found = [value[key] for key in sorted(value, key=int)]
        if not all(isinstance(item, str) for item in found):
            raise bad_param(self.full(name), "Invalid array")
        return found

    def metadata(self, name: str = "metadata") -> dict[str, str]:
        """A flat map of strings within Stripe's limits; an empty value asks to unset."""
        value = self._any(name)
        if value is None or value == "":
            return {}
        if not isinstance(value, Mapping):
            raise bad_param(self.full(name), "Invalid object")
        for key, item in value.items():
            self._check_metadata(name, key, item)
        if len(value) > METADATA_KEYS_MAX:
            raise bad_param(self.full(name), f"Metadata can have up to {METADATA_KEYS_MAX} keys")
        return dict(value)

    def echo(self, name: str) -> Tree | str | None:
        """Whatever was sent, for settings that this stand-in stores but does not act on."""
        return self._any(name)

    def refuse_unknown(self) -> None:
        """Raise for the first parameter that nobody read, here or below."""
        for name in self._tree:
            if name not in self._known:
                raise ApiError(
                    400,
                    f"Received unknown parameter: {self.full(name)}",
                    code="parameter_unknown",
                    param=self.full(name),
                )
        for below in self._below:
            below.refuse_unknown()

    def full(self, name: str) -> str:
        """The parameter's name as the caller wrote it."""
        return f"{self._prefix}[{name}]" if self._prefix else name

    def _descend(self, value: Mapping[str, Any], prefix: str) -> Self:
        below = type(self)(value, prefix=prefix)
        self._below.append(below)
        return below

    def _any(self, name: str) -> Tree | str | None:
        self._known.add(name)
        return self._tree.get(name)

    def _scalar(self, name: str) -> str | None:
        value = self._any(name)
        if value is not None and not isinstance(value, str):
            raise bad_param(self.full(name), f"Invalid string: {self.full(name)}")
        return value

    def _check_metadata(self, name: str, key: str, item: object) -> None:
        where = f"{self.full(name)}[{key}]"
        if not isinstance(item, str):
            raise bad_param(where, "Metadata values must be strings")
        if len(key) > METADATA_KEY_CHARS_MAX:
            raise bad_param(
                where, f"Metadata keys can have up to {METADATA_KEY_CHARS_MAX} characters"
            )
        if len(item) > METADATA_VALUE_CHARS_MAX:
            raise bad_param(
                where, f"Metadata values can have up to {METADATA_VALUE_CHARS_MAX} characters"
            )


def _as_tree(values: Mapping[str, object]) -> Tree:
    """JSON as a decoded form: all leaves are text, lists are numbered, null is absent."""
    return {str(key): _branch(item) for key, item in values.items() if item is not None}


def _branch(value: object) -> Tree | str:
    if isinstance(value, Mapping):
        return _as_tree(value)
    if isinstance(value, list):
        return {str(at): _branch(item) for at, item in enumerate(value)}
    return str(value).lower() if isinstance(value, bool) else str(value)
