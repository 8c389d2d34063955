"""``manage.py first_owner EMAIL``: let the first person into a new deployment."""

from __future__ import annotations

from argparse import ArgumentParser

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.utils import timezone

from trinity.people.links import password_link
from trinity.people.operations import EmailTaken
from trinity.people.usecases.make_first_owner import OwnerThere, make_first_owner


class Command(BaseCommand):
    """Make the first owner and print a one-time link to choose a password."""

    help = "Make the first owner of a new deployment; print a link by which they choose a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address that the owner logs in with."""
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *_args: object, email: str, **_options: object) -> None:
        """Make the account, then say where to go."""
        try:
            validate_email(email.strip())
            user = make_first_owner(email=email, now=timezone.now())
        except ValidationError:
            raise CommandError(f"{email!r} is no e-mail address.") from None
        except OwnerThere:
            raise CommandError(
                "There is an owner already, who invites others on the people page. Whoever lost "
                "the way in gets a new link with manage.py reset_login EMAIL."
            ) from None
        except EmailTaken:
            raise CommandError(f"{email} belongs to somebody on the team.") from None
        days = settings.PASSWORD_RESET_TIMEOUT // 86_400
        self.stdout.write(
            f"{user.email} is owner. Choose a password here (once, within {days} days):"
        )
        self.stdout.write(password_link(user))
