"""What a list of entries may be narrowed by."""

from __future__ import annotations

from django import forms

from kernel.modes import Mode
from ledger.enums import EntryKind


class LedgerFilterForm(forms.Form):
    """Kind, mode, trace, account; all optional, all by their exact value."""

    kind = forms.ChoiceField(choices=[("", "Any kind"), *EntryKind.choices], required=False)
    mode = forms.ChoiceField(choices=[("", "Any mode"), *Mode.choices], required=False)
    trace = forms.CharField(max_length=40, required=False, label="Trace reference")
    account = forms.CharField(max_length=160, required=False)
