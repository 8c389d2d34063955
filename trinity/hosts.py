"""Which host names, and which pages' origins, a request may name."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from trinity.serving.requests import Scope, host_of


def is_for_us(scope: Scope) -> bool:
    """Say whether a host of ALLOWED_HOSTS is asked. Django would write the name of another down."""
    host = host_of(scope)
    # HTTP/1.0 may leave it out; Django then takes the address that we listen on.
    return _is_ours(scope["server"][0] if host is None else host.decode("ascii"))


def is_from_elsewhere(scope: Scope) -> bool:
    """Say whether a browser's page of another host sent it: programs name no origin."""
    origins = [value for name, value in scope["headers"] if name == b"origin"]
    return any(not _is_ours(_host_in(origin.decode("latin-1"))) for origin in origins)


def _host_in(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # "http://["
        return ""


def _is_ours(host: str) -> bool:
    domain, _port = split_domain_port(host.lower())
    return validate_host(domain, settings.ALLOWED_HOSTS)
