"""Stripe's errors: what went wrong, as its SDK expects to read it."""

from typing import Any

from sandbox.errors import Refused


class ApiError(Refused):
    """An answer that is an error. ``is_kept``: a repeat with the same key gets it again."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        is_kept: bool = False,
        **more: object,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.is_kept = is_kept
        self._fields = {"code": code, "param": param, **more}
        self._kind = kind

    def body(self) -> dict[str, Any]:
        """The JSON body Stripe would send."""
        error: dict[str, Any] = {"message": str(self), "type": self._kind}
        error.update({name: value for name, value in self._fields.items() if value is not None})
        code = self._fields["code"]
        if code is not None:
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{str(code).replace('_', '-')}"
        return {"error": error}


def missing_param(name: str) -> ApiError:
    """A required parameter is not there."""
    return ApiError(400, f"Missing required param: {name}.", code="parameter_missing", param=name)


def bad_param(name: str, message: str, *, code: str | None = None) -> ApiError:
    """A parameter is there and wrong."""
    return ApiError(400, message, code=code, param=name)


def no_such(kind: str, doc_id: str, *, param: str = "id", status: int = 404) -> ApiError:
    """An id that names nothing here. As a mere parameter it is a 400, in the path a 404."""
    return ApiError(status, f"No such {kind}: '{doc_id}'", code="resource_missing", param=param)


def unauthorized(key: str) -> ApiError:
    """The bearer key is absent or not ours."""
    if not key:
        return ApiError(
            401,
            "You did not provide an API key. You need to provide your API key in the"
            " Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_KEY').",
        )
    masked = key[:8] + "*" * 8 + key[-4:] if len(key) > 16 else "*" * len(key)
    return ApiError(401, f"Invalid API Key provided: {masked}", code="api_key_invalid")


def unknown_url(method: str, path: str) -> ApiError:
    """No such endpoint."""
    return ApiError(
        404,
        f"Unrecognized request URL ({method}: {path})."
        " If you are trying to list objects, remove the trailing slash.",
    )
