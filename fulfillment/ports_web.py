"""The web, as the work needs it: a page that is read, a question that is searched for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol


class Fault(StrEnum):
    """Why something was not looked up. Kept on rows and told to agents: none is renamed."""

    ADDRESS = "address"  # no address of a public web page
    NAME = "name"  # its name leads nowhere
    PRIVATE = "private"  # its name leads to a network that is not public
    REDIRECTS = "redirects"
    ROBOTS = "robots"
    STATUS = "status"
    CONTENT_TYPE = "content_type"
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    UNREADABLE = "unreadable"  # the program that reads it failed, or found no text
    NOT_CONFIGURED = "not_configured"
    ANSWER = "answer"  # the search engine said something else than results
    DEADLINE = "deadline"
    ERASED = "erased"


# Why something was not looked up, to people.
FAULT_WORDS: Final[Mapping[Fault, str]] = MappingProxyType(
    {
        Fault.ADDRESS: "Not a public web address",
        Fault.NAME: "The site was not found",
        Fault.PRIVATE: "The address leads to a private network",
        Fault.REDIRECTS: "Too many redirects",
        Fault.ROBOTS: "The site asks programs not to read it",
        Fault.STATUS: "The site answered with an error",
        Fault.CONTENT_TYPE: "Not a page of text",
        Fault.TOO_LARGE: "Larger than 1 MB",
        Fault.TIMEOUT: "The site was too slow",
        Fault.CONNECTION: "The connection failed",
        Fault.UNREADABLE: "No text was found in it",
        Fault.NOT_CONFIGURED: "No search engine is set up",
        Fault.ANSWER: "The search engine gave no results",
        Fault.DEADLINE: "It took too long",
        Fault.ERASED: "Erased",
    }
)

# What may be gone when it is tried again.
PASSING: Final = frozenset({Fault.NAME, Fault.TIMEOUT, Fault.CONNECTION, Fault.ANSWER})


class NotFound(Exception):
    """Nothing was found, for this reason. Its message is for logs: no words from outside."""

    def __init__(self, fault: Fault, *, is_passing: bool | None = None) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.is_passing = fault in PASSING if is_passing is None else is_passing


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as it came, and what a program took out of it: content from outside."""

    final_url: str
    content_type: str
    body: bytes
    title: str
    published_on: date | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One result of a search: content from outside."""

    url: str
    title: str
    snippet: str


class PageReader(Protocol):
    """Reads one page of the public web."""

    def read(self, url: str) -> Page:
        """Return the page at ``url``, within its time. Raises NotFound."""


class SearchEngine(Protocol):
    """Asks a search engine."""

    def search(self, query: str) -> Sequence[Hit]:
        """Return what it finds, the best first. Raises NotFound."""
