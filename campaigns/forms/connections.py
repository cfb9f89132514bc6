"""Shape of what people type about a number and its pace."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings

from campaigns.models import Connection
from campaigns.services.connections import Pace

# The three paces a person may choose by name: seconds between two messages.
PACES: dict[str, tuple[str, float, float]] = {
    "careful": ("Cuidadoso", 600.0, 1200.0),
    "normal": ("Normal", 300.0, 600.0),
    "fast": ("Rápido", 120.0, 240.0),
}
CUSTOM = "custom"


class PaceForm(forms.Form):
    pace = forms.ChoiceField(label="Ritmo", initial="normal", widget=forms.RadioSelect)
    gap_min_s = forms.FloatField(label="No mínimo", required=False, min_value=0, max_value=86_400)
    gap_max_s = forms.FloatField(label="No máximo", required=False, min_value=0, max_value=86_400)
    daily_cap = forms.IntegerField(
        label="Limite diário deste número",
        required=False,
        min_value=1,
        max_value=100_000,
        help_text="Em branco, vale o limite do plano.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(code, name) for code, (name, low, _) in PACES.items() if low >= settings.MIN_GAP_S]
        cast(forms.ChoiceField, self.fields["pace"]).choices = [*named, (CUSTOM, "Do meu jeito")]
        for name in ("gap_min_s", "gap_max_s"):
            self.fields[name].widget.attrs["min"] = f"{settings.MIN_GAP_S:g}"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("pace") != CUSTOM:
            return data
        low, high = data.get("gap_min_s"), data.get("gap_max_s")
        if "gap_min_s" not in self.errors and (low is None or low < settings.MIN_GAP_S):
            self.add_error(
                "gap_min_s", f"Use {settings.MIN_GAP_S:g} segundos ou mais: menos que isso pode bloquear seu número."
            )
        elif "gap_max_s" not in self.errors and (high is None or (low is not None and high < low)):
            self.add_error("gap_max_s", "O máximo precisa ser igual ou maior que o mínimo.")
        return data

    def chosen(self) -> Pace:
        """The pace; only after is_valid."""
        data = self.cleaned_data
        if data["pace"] == CUSTOM:
            return Pace(data["gap_min_s"], data["gap_max_s"], data["daily_cap"])
        _, low, high = PACES[data["pace"]]
        return Pace(low, high, data["daily_cap"])


def initial_pace(connection: Connection) -> dict[str, Any]:
    """What the form shows of a number's pace."""
    lane = connection.lane
    named = next(
        (code for code, (_, low, high) in PACES.items() if (low, high) == (lane.gap_min_s, lane.gap_max_s)), CUSTOM
    )
    return {
        "pace": named,
        "gap_min_s": f"{lane.gap_min_s:g}",
        "gap_max_s": f"{lane.gap_max_s:g}",
        "daily_cap": lane.daily_cap,
    }


class ConnectionForm(PaceForm):
    name = forms.CharField(
        label="Nome do número", max_length=80, help_text="Como você o reconhece: “Loja”, “Vendas”, “Celular da Ana”."
    )
    host = forms.CharField(
        label="Host",
        max_length=200,
        help_text="No painel da Mega API, aparece como apistart02.megaapi.com.br ou parecido.",
    )
    instance_key = forms.CharField(
        label="Instance key", max_length=200, help_text="Começa com “megastart-” ou “megabusiness-”."
    )
    token = forms.CharField(
        label="Token",
        max_length=500,
        strip=True,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text="Guardamos cifrado e nunca mostramos de novo.",
    )
