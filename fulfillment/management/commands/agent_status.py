"""``manage.py agent_status STATE``: whoever sets the agent up says how far it is."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.utils import timezone

from fulfillment.enums import RuntimeState
from fulfillment.usecases.note_runtime import note_runtime


class Command(BaseCommand):
    """Note it. Whether the agent may have work is found out by asking it, not here."""

    help = "Note that the agent is being set up, or could not be."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the state."""
        choices = [RuntimeState.SETTING_UP.value, RuntimeState.NOT_INSTALLED.value]
        parser.add_argument("state", choices=choices)

    def handle(self, *_args: object, state: str, **_options: object) -> None:
        """Note it."""
        note_runtime(RuntimeState(state), faults=[], now=timezone.now())
