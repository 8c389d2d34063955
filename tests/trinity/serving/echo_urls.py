"""Pages that say what they were asked."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from kernel.permissions import public, takes_bytes
from trinity.health import healthz

MEGABYTES = 12


@takes_bytes(1024 * 1024)
@csrf_exempt
@public
def asked(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Say everything that came: META whole, as text, and the body."""
    meta = {name: str(value) for name, value in request.META.items()}
    return JsonResponse({"meta": meta, "path": request.path, "body": request.body.decode()})


@public
def slow(_request: HttpRequest) -> HttpResponse:
    """Hold a thread for a while."""
    time.sleep(1.5)
    return HttpResponse("slow")


@public
def big(_request: HttpRequest) -> HttpResponse:
    """A long answer that is made at once."""
    return HttpResponse(b"x" * 1_000_000)


def _long() -> Iterator[bytes]:
    for number in range(MEGABYTES):
        yield bytes([65 + number]) * 1024 * 1024


@public
def stream(_request: HttpRequest) -> StreamingHttpResponse:
    """A long answer of unknown length."""
    return StreamingHttpResponse(_long())


@public
def broken(_request: HttpRequest) -> StreamingHttpResponse:
    """An answer that breaks off."""

    def half() -> Iterator[bytes]:
        yield b"x" * 2 * 1024 * 1024
        raise RuntimeError("in the middle")

    return StreamingHttpResponse(half())


urlpatterns = [
    path("healthz", healthz),
    path("asked", asked),
    path("asked/<path:rest>", asked),
    path("slow", slow),
    path("big", big),
    path("stream", stream),
    path("broken", broken),
]
