"""The typed confirmation before a campaign is deleted."""

from __future__ import annotations

from typing import Any

from django import forms

from campaigns.models import Campaign


class DeleteCampaignForm(forms.Form):
    typed = forms.CharField(
        label="Para confirmar, digite o nome da campanha",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Digite o nome da campanha para confirmar."},
    )

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._name = " ".join(campaign.name.split())

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if " ".join(typed.split()).casefold() != self._name.casefold():
            raise forms.ValidationError("O nome não confere.")
        return typed
