"""What people type about agents' rights: a posture, a cap, a reason."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from kernel.modes import Mode
from kernel.money import Money, exponent
from kernel.texts import WordsField
from toolrouter.enums import POSTURES, CapWindow, Family, IncidentKind, Scope
from toolrouter.models.reasons import REASON_CHARS_MAX
from toolrouter.planning import TOKEN_LASTS_AT_MOST
from toolrouter.queries.account import AccountSettings

HOURS_MAX: Final = int(TOKEN_LASTS_AT_MOST.total_seconds() // 3600)
WEEK_H: Final = 168
REF_CHARS_MAX: Final = 40


def reason_field(*, required: bool = True, label: str = "Reason") -> WordsField:
    """Return the field that asks why."""
    return WordsField(
        label=label,
        required=required,
        max_length=REASON_CHARS_MAX,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": REASON_CHARS_MAX}),
    )


class ScopeForm(forms.Form):
    """What it is about: the account, a project or a run."""

    scope = forms.ChoiceField(choices=Scope.choices, widget=forms.HiddenInput)
    ref = forms.CharField(required=False, max_length=REF_CHARS_MAX, widget=forms.HiddenInput)


class StopForm(ScopeForm):
    """Why somebody stops it. No reason is needed: seconds count."""

    reason = reason_field(required=False)


class ReasonForm(forms.Form):
    """Why."""

    reason = reason_field()


class PostureForm(ScopeForm):
    """Another posture, and why."""

    posture = forms.ChoiceField(label="Posture", choices=POSTURES, widget=forms.RadioSelect)
    reason = reason_field()


class IncidentForm(ScopeForm):
    """A legal incident: everything of it stands still."""

    reason = reason_field(label="What happened?")

    @property
    def kind(self) -> IncidentKind:
        """Return the kind that people may open; the others are found by Trinity."""
        return IncidentKind.LEGAL


class MoneyForm(forms.Form):
    """Reads an amount in the currency that stands beside it."""

    def read_money(self, amount: str, currency: str) -> Money | None:
        """Return the amount typed; add an error where it is none."""
        cleaned = self.cleaned_data
        code = str(cleaned.get(currency, "")).upper()
        text = str(cleaned.get(amount, ""))
        try:
            exponent(code)
        except ValueError:
            self.add_error(currency, "Enter a currency's three letters, e.g. USD.")
            return None
        try:
            return Money.parse(text, currency=code)
        except ValueError:
            self.add_error(amount, f"Enter an amount like {Money(1200, code).decimal()}.")
            return None


class CapForm(MoneyForm):
    """A cap's limit. What the cap bounds is in the address; nothing is converted."""

    family = forms.ChoiceField(label="For", choices=Family.choices)
    mode = forms.ChoiceField(label="Environment", choices=Mode.choices)
    time_window = forms.ChoiceField(label="Within", choices=CapWindow.choices)
    currency = forms.CharField(label="Currency", max_length=3, initial="USD")
    limit = forms.CharField(label="Limit", max_length=20, help_text="Enter 0 to allow no spend.")
    reason = reason_field()

    def clean(self) -> dict[str, Any]:
        """Read the limit as money."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["money"] = self.read_money("limit", "currency")
        return cleaned


class SettingsForm(MoneyForm):
    """The account's switches, thresholds and deadlines."""

    outreach_open = forms.BooleanField(required=False, label="Outreach on")
    spend_open = forms.BooleanField(required=False, label="Spend on")
    funding_share_percent = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=100,
        label="Funding share (%)",
        help_text="A run spends at most this share of what the buyer paid. Empty: only caps apply.",
    )
    two_people_amount = forms.CharField(
        required=False,
        max_length=20,
        label="Two people decide from",
        help_text="From this amount, or in another currency. Empty: one person decides.",
    )
    two_people_currency = forms.CharField(
        required=False, max_length=3, label="Currency of that amount", initial="USD"
    )
    decide_outbound_h = forms.IntegerField(
        min_value=1, max_value=WEEK_H, label="Hours to decide: outbound"
    )
    decide_spend_h = forms.IntegerField(
        min_value=1, max_value=WEEK_H, label="Hours to decide: spend"
    )
    decide_provisioning_h = forms.IntegerField(
        min_value=1, max_value=WEEK_H, label="Hours to decide: provisioning"
    )
    cap_raiser_waits = forms.BooleanField(
        required=False,
        label="Whoever raises a cap waits 24 hours before they approve under it",
    )
    reason = reason_field()

    def clean(self) -> dict[str, Any]:
        """Read the threshold as money, where there is one."""
        cleaned = super().clean() or self.cleaned_data
        is_set = bool(cleaned.get("two_people_amount"))
        money = self.read_money("two_people_amount", "two_people_currency") if is_set else None
        cleaned["two_people_from"] = money
        return cleaned

    @classmethod
    def initial_of(cls, account: AccountSettings) -> dict[str, Any]:
        """Return what the form shows before anybody types."""
        values = {name: getattr(account, name) for name in AccountSettings.__slots__}
        money = values.pop("two_people_from")
        if money is not None:
            values |= {"two_people_amount": money.decimal(), "two_people_currency": money.currency}
        return values

    @property
    def wanted(self) -> AccountSettings:
        """Return the settings as they were typed."""
        values = {name: self.cleaned_data[name] for name in AccountSettings.__slots__}
        return AccountSettings(**values)


class TokenForm(forms.Form):
    """How long a token lasts."""

    hours = forms.IntegerField(
        label="Hours",
        min_value=1,
        max_value=HOURS_MAX,
        initial=HOURS_MAX,
        help_text=f"At most {HOURS_MAX}, and no longer than the run.",
    )


class SubjectForm(forms.Form):
    """Which deal a run may know of as well."""

    deal = forms.CharField(label="Deal", max_length=REF_CHARS_MAX)
