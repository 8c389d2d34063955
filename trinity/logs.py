"""What the processes write down: one line per fact, with a request id, and without people.

No e-mail address, token, key or card number reaches a log: ``mask`` runs over every line, ours
and the libraries', tracebacks included, as the last thing before it is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import structlog
from django.http import HttpRequest
from structlog.types import Processor

from kernel.texts import readable

EventDict = MutableMapping[str, Any]
MANY_LINES: Final = frozenset({"exception", "stack"})

# A text longer than both pieces is cut before it is masked: what hides in the middle of 60 kB is
# no fault's cause, and its length is the visitor's choice.
HEAD_CHARS, TAIL_CHARS = 4096, 8192  # a traceback's last lines say what went wrong

BROKEN_END, BROKEN_BEGINNING = re.compile(r"(?<!\S)\S+\Z"), re.compile(r"\A\S+")
LABEL: Final = r"(?:[\w-]|%[89A-Fa-f][0-9A-Fa-f]){1,189}"  # of a domain's name: 63 bytes

# Each: what must not be written, and what stands there instead. Order matters: longest first.
# Visitors choose these texts, so each is linear: a part without an end of its own begins only
# where nothing of its kind stands before it, and is therefore tried once for each run.
MASKS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    # Keys and secrets of Stripe's shape, and run tokens; the prefix stays, so that one sees which
    # kind it was.
    (
        re.compile(r"\b((?:sk|rk|pk|whsec|ek)_(?:live_|test_|sandbox_)?)[A-Za-z0-9+/=_-]{4,}"),
        r"\1…",
    ),
    (re.compile(r"(trt_)[A-Za-z0-9_-]{4,}"), r"\1…"),  # also with something stuck to its front
    (re.compile(r"(_secret_)[A-Za-z0-9]+"), r"\1…"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), r"\1 …"),
    # Links that open something by themselves.
    (re.compile(r"(/o/)[^/\s?'\"]+"), r"\1…"),
    (re.compile(r"(/password/reset/key/)[^/\s?'\"]+"), r"\1…"),
    # Passwords within addresses of services.
    (re.compile(r"(?<!\w)(\w+://[^\s:/@]*:)[^\s@/]+@"), r"\1…@"),
    # Addresses in any script, also as they stand in a web address: "@" as %40, "ä" as %C3%A4.
    (re.compile(rf"(?<![\w.%+'-])[\w.%+'-]+(?:@|%40){LABEL}(?:\.{LABEL})+"), "…@…"),
    (re.compile(r"\b(?:\d{4}[ -]?){3}\d{1,7}\b"), "…digits…"),
)
SECRET_NAMES: Final = re.compile(
    r"(?i)password|passwd|secret|token|api_?key|authorization|cookie|signature|session_?key|credential"
)
# What someone typed into an address is theirs: searches are for people.
QUERY: Final = re.compile(r"^((?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) [^\s?]+)\?.*$", re.DOTALL)


def masked(value: object) -> object:
    """Return ``value`` with everything taken out that must not be written, at any depth."""
    if isinstance(value, str):
        value = cut(value)
        for pattern, instead in MASKS:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return {
            str(masked(str(key))): "…" if SECRET_NAMES.search(str(key)) else masked(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return masked(str(value))


def cut(text: str) -> str:
    """Return ``text``; of a long one the head and the tail, and how much is left out between.

    No word is cut in two: half of a secret or of an address would look like neither, and stay.
    """
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return text
    head = BROKEN_END.sub("", text[:HEAD_CHARS])
    tail = BROKEN_BEGINNING.sub("", text[-TAIL_CHARS:])
    return f"{head}… {len(text) - len(head) - len(tail)} characters … {tail}"


def mask(_logger: object, _method: str, event_dict: EventDict) -> EventDict:
    """Take people and secrets out of one line."""
    request = event_dict.pop("request", None)
    if isinstance(request, str):  # else a whole request of Django's: more than we want to know
        event_dict["request"] = QUERY.sub(r"\1?…", request)
    clean = masked(event_dict)
    if not isinstance(clean, dict):
        return event_dict
    return {name: _on_its_line(name, value) for name, value in clean.items()}


def _on_its_line(name: str, value: object) -> object:
    """Let no text begin a line of its own, turn one around, or speak to a terminal."""
    if not isinstance(value, str):
        return value
    shown = readable(value)
    return shown if name in MANY_LINES else shown.replace("\r", r"\r").replace("\n", r"\n")


SHARED: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
]


def configuration(*, is_json: bool, level: str) -> dict[str, Any]:
    """Return what Django's LOGGING takes: JSON lines for machines, columns for people."""
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if is_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*SHARED, structlog.stdlib.ExtraAdder()],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    mask,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # The request line says it already, with the request's id.
            "django.request": {"level": "CRITICAL"},
            "django.server": {"level": "ERROR"},
            # Its words are the visitor's. trinity.errors says what kind of refusal it was.
            "django.security": {"level": "CRITICAL"},
            # Strangers can cause any number of the warnings.
            "uvicorn.error": {"level": "ERROR"},
            # These write whole requests at DEBUG.
            "stripe": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
            # Whoever asks says how it went.
            "httpx": {"level": "WARNING"},
            # A line per sweep every few seconds would bury everything else.
            "celery.beat": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
        },
    }


def configure_structlog() -> None:
    """Let structlog's loggers go through the same handlers as everybody else's."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def say_who(*, request: HttpRequest, log_kwargs: dict[str, Any], **_signal: object) -> None:
    """Add the person's id to the request's line, if the view asked who it is: no query for it."""
    if (user := getattr(request, "_cached_user", None)) is not None and user.pk:
        log_kwargs["person"] = user.pk
