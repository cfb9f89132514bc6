"""Forms of the operator's screens: the shape of what a service is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from accounts import clock
from billing.models import Grant, Plan

if TYPE_CHECKING:
    GrantModelForm = forms.ModelForm[Grant]
else:  # Django's class takes no parameter at run time
    GrantModelForm = forms.ModelForm


class GrantForm(GrantModelForm):
    """A plan given to an account from now on; without an end, for the plan's own days or until it is withdrawn."""

    class Meta:
        model = Grant
        fields = ("account", "plan", "ends_at", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:  # the service sets the start; the model's checks compare the end with it
            self.instance.starts_at = clock.now()
        if "plan" in self.fields:  # absent where the row is only shown
            self.fields["plan"].queryset = Plan.objects.filter(is_current=True)  # type: ignore[attr-defined]

    def clean_ends_at(self) -> Any:
        ends_at = self.cleaned_data["ends_at"]
        if ends_at is not None and ends_at <= clock.now():
            raise ValidationError("A data final precisa ser depois de agora.")
        return ends_at
