"""The app's name for Django."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """What happened: append-only entries, double-entry postings, seals. Knows no business word."""

    name = "ledger"
