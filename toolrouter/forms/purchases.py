"""What people type about purchases by hand: what was paid, or why it was not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from kernel.modes import Mode
from kernel.money import Money
from kernel.shown_text import fault_of
from toolrouter.enums import Category
from toolrouter.forms.safety import MoneyForm, reason_field
from toolrouter.models.purchases import VENDOR_CHARS_MAX, WHAT_CHARS_MAX
from toolrouter.operations.purchasing import ReceiptFile
from toolrouter.payees import read_payee
from toolrouter.queries.purchases import LANES, PurchaseDetail
from toolrouter.receipt_files import CONTENT_TYPES, NotAReceipt, kind_of

AHEAD_OF_UTC: Final = timedelta(hours=14)  # where a day begins first
BEHIND_UTC: Final = timedelta(hours=12)
MONTH_FORMAT: Final = "%Y-%m"


class ReceiptField(forms.FileField):
    """The file of a receipt, read and judged by its content."""

    widget = forms.FileInput(attrs={"accept": ",".join(CONTENT_TYPES.values())})

    def to_python(self, data: UploadedFile[bytes] | None) -> ReceiptFile | None:  # type: ignore[override]  # what is read of it
        """Return what came. Its name and the type that it claims are not looked at."""
        if data is None:
            return None
        content = data.read()
        try:
            return ReceiptFile(content=content, kind=kind_of(content))
        except NotAReceipt as reason:
            raise forms.ValidationError(str(reason)) from reason


class BoughtForm(MoneyForm):
    """What was paid, when, and the receipt."""

    amount = forms.CharField(label="Amount paid", max_length=20)
    currency = forms.CharField(label="Currency", max_length=3)
    paid_on = forms.DateField(label="Paid on", widget=forms.DateInput(attrs={"type": "date"}))
    file = ReceiptField(
        label="Receipt", required=False, help_text="PDF, PNG or JPEG, 5 MB at most."
    )
    reason = reason_field(required=False, label="If there is no receipt, why?")

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile[bytes]] | None = None,
        *,
        purchase: PurchaseDetail,
        now: datetime,
    ) -> None:
        self.approved_at, self.now = purchase.row.made_at, now
        approved = purchase.row.approved
        initial = {
            "amount": approved.decimal(),
            "currency": approved.currency,
            "paid_on": now.date(),
        }
        super().__init__(data, files, initial=initial)

    def clean_paid_on(self) -> date:
        """Refuse days that have not begun anywhere, and those before it was approved."""
        day: date = self.cleaned_data["paid_on"]
        if day > (self.now + AHEAD_OF_UTC).date():
            raise forms.ValidationError("This day has not come yet.")
        earliest = (self.approved_at - BEHIND_UTC).date()
        if day < earliest:
            raise forms.ValidationError(f"It was approved on {self.approved_at:%-d %b %Y}.")
        return day

    def clean(self) -> dict[str, Any]:
        """Read the sum; ask for the receipt, or for why there is none."""
        cleaned = super().clean() or self.cleaned_data
        money = self.read_money("amount", "currency")
        if money is not None and money.amount_minor == 0:
            self.add_error("amount", "Enter what was paid. If nothing was, close it as not bought.")
        cleaned["money"] = money
        is_there = cleaned.get("file") is not None or "file" in self.errors
        if not is_there and not cleaned.get("reason"):
            self.add_error("file", "Attach the receipt, or say below why there is none.")
        return cleaned


class EditPurchaseForm(MoneyForm):
    """What an owner changes of what an agent asked for; the currency stays."""

    amount = forms.CharField(label="Amount", max_length=20)
    currency = forms.CharField(label="Currency", max_length=3, disabled=True)
    vendor = forms.CharField(
        label="Vendor",
        max_length=VENDOR_CHARS_MAX,
        help_text="A domain, e.g. example.com, or a name.",
    )
    what = forms.CharField(label="What", max_length=WHAT_CHARS_MAX)
    category = forms.ChoiceField(label="Category", choices=Category.choices)

    def clean_vendor(self) -> str:
        """Refuse what could not be shown, or only looks like a domain."""
        vendor = _shown(self.cleaned_data["vendor"], VENDOR_CHARS_MAX)
        try:
            read_payee(vendor)
        except ValueError as error:
            raise forms.ValidationError("Enter a domain in lower case, or a name.") from error
        return vendor

    def clean_what(self) -> str:
        """Refuse what could not be shown."""
        return _shown(self.cleaned_data["what"], WHAT_CHARS_MAX)

    def clean(self) -> dict[str, Any]:
        """Read the sum."""
        cleaned = super().clean() or self.cleaned_data
        money = self.read_money("amount", "currency")
        if money is not None and money.amount_minor == 0:
            self.add_error("amount", "Enter more than 0, or refuse the request.")
        cleaned["money"] = money
        return cleaned

    @property
    def changes(self) -> dict[str, Any]:
        """Return the arguments as the operation knows them."""
        said = self.cleaned_data
        kept = {name: said[name] for name in ("vendor", "what", "category")}
        return {"amount_minor": said["money"].amount_minor, **kept}


def _shown(text: str, chars_max: int) -> str:
    if fault := fault_of(text, chars_max=chars_max):
        raise forms.ValidationError(f"This cannot be shown as it is: {fault}.")
    return text


class NotBoughtForm(forms.Form):
    """Why it was not bought, or is not to be bought any more."""

    reason = reason_field()


class ReceiptForm(forms.Form):
    """The receipt of something that was booked without one."""

    file = ReceiptField(label="Receipt", help_text="PDF, PNG or JPEG, 5 MB at most.")


class PurchaseFilterForm(forms.Form):
    """What narrows the list of purchases."""

    lane = forms.ChoiceField(required=False, label="Status", choices=[("", "Any status"), *LANES])
    mode = forms.ChoiceField(
        required=False, label="Environment", choices=[("", "Any environment"), *Mode.choices]
    )


class MonthForm(forms.Form):
    """Which month."""

    month = forms.DateField(input_formats=[MONTH_FORMAT])

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Return when it begins and ends, in UTC."""
        first: date = self.cleaned_data["month"]
        after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        return (
            datetime(first.year, first.month, 1, tzinfo=UTC),
            datetime(after.year, after.month, 1, tzinfo=UTC),
        )


def paid_of(form: BoughtForm) -> Money:
    """Return what a valid form says was paid."""
    money: Money = form.cleaned_data["money"]
    return money
