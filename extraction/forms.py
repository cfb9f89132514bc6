"""Shape of what people type on the pages of leads."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from accounts.models import Account
from extraction.models import LeadList
from extraction.selectors import list_lists
from extraction.services.lists import NAME_MAX_CHARS
from leads_infinitos.kernel.phone import DDDS


class ListNameForm(forms.Form):
    name = forms.CharField(
        label="Nome da lista",
        max_length=NAME_MAX_CHARS,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Dê um nome à lista."},
    )


class DeleteListForm(forms.Form):
    typed = forms.CharField(
        label="Para confirmar, digite o nome da lista",
        max_length=NAME_MAX_CHARS,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Digite o nome da lista para confirmar."},
    )

    def __init__(self, *args: Any, lead_list: LeadList, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._name = lead_list.name

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if " ".join(typed.split()).casefold() != self._name.casefold():
            raise forms.ValidationError("O nome não confere.")
        return typed


class ImportForm(forms.Form):
    file = forms.FileField(
        label="Planilha",
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.xlsm"}),
        error_messages={"required": "Escolha a planilha.", "missing": "Escolha a planilha."},
    )
    list = forms.ModelChoiceField(
        label="Para qual lista?", queryset=LeadList.objects.none(), required=False, empty_label="Criar uma lista nova"
    )
    list_name = forms.CharField(
        label="Nome da lista nova",
        max_length=NAME_MAX_CHARS,
        required=False,
        help_text="Em branco, usamos o nome do arquivo.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    default_ddd = forms.ChoiceField(
        label="DDD dos números sem DDD",
        required=False,
        help_text="Usado só quando a planilha traz um número sem DDD. Você vê depois onde foi usado.",
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[LeadList]", self.fields["list"]).queryset = list_lists(account)
        choices = [("", "Nenhum: rejeitar esses números"), *((ddd, ddd) for ddd in sorted(DDDS))]
        cast(forms.ChoiceField, self.fields["default_ddd"]).choices = choices
