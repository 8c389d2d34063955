"""What people type: a visitor's request, and an operator's words about a deal."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from crm import queries
from crm.enums import DealStage
from crm.operations.requests import SnapshotRequest
from crm.policy import (
    COMPANY_CHARS_MAX,
    EMAIL_CHARS_MAX,
    NAME_CHARS_MAX,
    NotAnAddress,
    email_key,
    plain,
)
from kernel.modes import Mode
from kernel.references import is_reference, new_reference
from kernel.texts import LineField, WordsField, lines

FORM_LIFE_S: Final = 24 * 3600
FORM_SALT: Final = "crm.request_snapshot"
WEBSITE_CHARS_MAX: Final = 300
WISH_CHARS_MIN, WISH_CHARS_MAX = 10, 2000
REASON_CHARS_MAX, NOTE_CHARS_MAX = 500, 4000
PROJECT_CHARS_MAX: Final = 80
WEB_ADDRESS: Final = URLValidator(schemes=["http", "https"])


class SnapshotRequestForm(forms.Form):
    """The public request. Every sentence that it answers with says what to do."""

    name = forms.CharField(
        label="Your name",
        max_length=NAME_CHARS_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Tell us your name, so that we know whom to answer."},
    )
    email = forms.EmailField(
        label="Work e-mail",
        max_length=EMAIL_CHARS_MAX,
        help_text="We answer to this address.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={"required": "Tell us an e-mail address, or we cannot answer."},
    )
    company = forms.CharField(
        label="Company",
        max_length=COMPANY_CHARS_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": "Tell us which company this is about."},
    )
    website = forms.CharField(
        label="Website",
        required=False,
        max_length=WEBSITE_CHARS_MAX,
        widget=forms.TextInput(
            attrs={"autocomplete": "url", "inputmode": "url", "spellcheck": "false"}
        ),
    )
    wish = forms.CharField(
        label="What should we look at?",
        max_length=WISH_CHARS_MAX,
        min_length=WISH_CHARS_MIN,
        help_text="Which customers you want to reach, and what you have tried. A few sentences.",
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": "Tell us in a few words what we should look at.",
            "min_length": "A few more words, please: what should we look at?",
        },
    )
    # People do not see this one; programs that fill in every field do.
    nickname = forms.CharField(
        label="Leave this empty",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    form_key = forms.CharField(required=False, widget=forms.HiddenInput)

    @classmethod
    def fresh(cls) -> SnapshotRequestForm:
        """Return an empty form with a key of its own: sent twice, it is still one request."""
        return cls(initial={"form_key": signing.dumps(new_reference("trc"), salt=FORM_SALT)})

    @property
    def is_trapped(self) -> bool:
        """Say whether a program filled in what people do not see."""
        return bool(self.data.get("nickname", "").strip())

    def clean_name(self) -> str:
        """Return the name on one line."""
        return _words(self.cleaned_data["name"], chars_max=NAME_CHARS_MAX, what="your name")

    def clean_company(self) -> str:
        """Return the company on one line."""
        return _words(self.cleaned_data["company"], chars_max=COMPANY_CHARS_MAX, what="the company")

    def clean_email(self) -> str:
        """Return the address as typed, if it can be read."""
        typed: str = self.cleaned_data["email"]
        try:
            email_key(typed)
        except NotAnAddress as error:
            raise ValidationError(self.fields["email"].error_messages["invalid"]) from error
        return typed

    def clean_website(self) -> str:
        """Return the whole address: ``example.com`` is read as https://example.com."""
        typed = self.cleaned_data["website"].strip()
        if not typed:
            return ""
        address = typed if "://" in typed else f"https://{typed}"
        try:
            WEB_ADDRESS(address)
        except ValidationError as error:
            raise ValidationError(
                "This is no web address. It looks like example.com; you may leave it empty."
            ) from error
        if len(address) > WEBSITE_CHARS_MAX:
            raise ValidationError("This web address is too long; the part up to .com is enough.")
        return address

    def clean_wish(self) -> str:
        """Return the wish in its lines, with nothing in it that cannot be seen."""
        wish = lines(self.cleaned_data["wish"])
        if len(wish) < WISH_CHARS_MIN:
            raise ValidationError(self.fields["wish"].error_messages["min_length"])
        return wish

    def clean_form_key(self) -> str:
        """Return the trace minted for this form; a fresh one where the key is old or not ours."""
        try:
            trace_ref = signing.loads(
                self.cleaned_data["form_key"], salt=FORM_SALT, max_age=FORM_LIFE_S
            )
        except signing.BadSignature:
            return new_reference("trc")
        return str(trace_ref) if is_reference(str(trace_ref)) else new_reference("trc")

    def asked(self) -> SnapshotRequest:
        """Return what the visitor asked for."""
        typed: dict[str, Any] = self.cleaned_data
        return SnapshotRequest(
            name=typed["name"],
            email=typed["email"],
            company=typed["company"],
            website=typed["website"],
            wish=typed["wish"],
        )


def _words(typed: str, *, chars_max: int, what: str) -> str:
    """Return ``typed`` on one line; refuse what has no letter or digit, or is an address."""
    line = plain(typed, chars_max=chars_max)
    if not any(char.isalnum() for char in line):
        raise ValidationError(f"Write {what} in letters.")
    if "://" in line:
        raise ValidationError(f"Write {what} only, without a web address.")
    return line


class DeclineForm(forms.Form):
    """Why a lead is declined."""

    reason = WordsField(
        label="Why do you decline?",
        max_length=REASON_CHARS_MAX,
        help_text="Colleagues read it in the timeline; the visitor does not.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "A declined lead has a reason. Write a few words."},
    )


class NoteForm(forms.Form):
    """A note under a deal."""

    words = WordsField(
        label="Note",
        max_length=NOTE_CHARS_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "A note needs words."},
    )


class AssignForm(forms.Form):
    """Who takes care of a deal."""

    owner = forms.TypedChoiceField(label="Owner", coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = queries.possible_owners()  # type: ignore[attr-defined]  # a choice field


class MoveForm(forms.Form):
    """Where a deal goes by hand."""

    stage = forms.ChoiceField(label="Move to", choices=DealStage.choices)
    reason = WordsField(
        label="Why?",
        required=False,
        max_length=REASON_CHARS_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class DealFilterForm(forms.Form):
    """What narrows the list of deals."""

    stage = forms.ChoiceField(
        required=False, choices=[("", "Any stage"), *DealStage.choices], label="Stage"
    )
    mode = forms.ChoiceField(
        required=False, choices=[("", "Any mode"), *Mode.choices], label="Mode"
    )
    owner = forms.TypedChoiceField(required=False, label="Owner", coerce=int, empty_value=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", "Anybody"), *queries.possible_owners()]  # type: ignore[attr-defined]  # a choice field


class LeadFilterForm(forms.Form):
    """What narrows the list of leads: to this deployment's mode, unless another is chosen."""

    ANY = "any"
    mode = forms.ChoiceField(
        required=False,
        choices=[("", "This deployment’s"), (ANY, "Any mode"), *Mode.choices],
        label="Mode",
    )

    def chosen_mode(self) -> str:
        """Return the mode to show; "" for any."""
        chosen = self.cleaned_data["mode"] if self.is_valid() else ""
        return "" if chosen == self.ANY else chosen or str(settings.DEPLOYMENT_MODE)


class ContactFilterForm(forms.Form):
    """What finds a contact."""

    q = forms.CharField(required=False, label="E-mail begins with", max_length=EMAIL_CHARS_MAX)


class ProjectForm(forms.Form):
    """What a project is called."""

    name = LineField(label="Name", max_length=PROJECT_CHARS_MAX)


class DealProjectForm(forms.Form):
    """Which project a deal moves to."""

    project = forms.ChoiceField(label="Project")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["project"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(each.reference, each.name) for each in queries.projects()]
