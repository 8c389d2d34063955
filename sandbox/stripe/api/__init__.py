"""The API under ``/v1``: requests, parameters, lists, idempotency, and every endpoint."""
