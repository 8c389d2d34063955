"""Metadata on updates: keys are merged, an empty value unsets one, an empty map unsets all."""

from sandbox.stripe.api.params import Params


def merged(old: dict[str, str], params: Params) -> dict[str, str]:
    """The metadata after this update."""
    if params.has("metadata") and params.echo("metadata") == "":
        return {}
    together = {**old, **params.metadata()}
    return {key: value for key, value in together.items() if value != ""}
