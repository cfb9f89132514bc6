"""Shape of what people type about a campaign. A refused form shows everything again, each error beside its field."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from accounts.models import Account
from campaigns import texts
from campaigns.domain import render
from campaigns.domain.pacing import Window, WindowError
from campaigns.models import Campaign, Connection, default_window
from campaigns.selectors.connections import list_choices, list_connections
from campaigns.services.lifecycle import MAX_VARIATIONS, TEXT_LIMIT, CampaignPlan
from extraction.models import LeadList

DAYS = ("Segunda", "Terça", "Quarta", "Quinta", "Sexta", "Sábado", "Domingo")
NOW, LATER = "now", "later"


@dataclass(frozen=True, slots=True)
class TextRow:
    """One variation as the page shows it."""

    number: int
    body: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class DayRow:
    """One weekday of the window, with its intervals as "HH:MM"."""

    index: int
    name: str
    intervals: tuple[tuple[str, str], ...]
    error: str = ""


class CampaignForm(forms.Form):
    name = forms.CharField(
        label="Nome da campanha", max_length=120, help_text="Só você vê. Ajuda a achar a campanha depois."
    )
    lists = forms.TypedMultipleChoiceField(
        label="Quem recebe", coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    connections = forms.TypedMultipleChoiceField(
        label="De quais números sai", coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    name_fallback = forms.CharField(
        label="Quando o lead não tem nome, usar",
        max_length=60,
        required=False,
        help_text="Entra no lugar de {nome}. Em branco, o nome some sem deixar buraco: “Oi, tudo bem?”.",
    )
    when = forms.ChoiceField(
        label="Quando começa",
        choices=[(NOW, "Assim que eu iniciar"), (LATER, "Em um horário marcado")],
        initial=NOW,
        widget=forms.RadioSelect,
    )
    starts_at = forms.DateTimeField(
        label="Data e hora do início",
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    skip_holidays = forms.BooleanField(label="Não enviar em feriados nacionais", required=False)
    daily_cap = forms.IntegerField(
        label="Limite diário desta campanha",
        min_value=1,
        max_value=100_000,
        required=False,
        help_text="Em branco, vale só o limite do plano.",
    )

    def __init__(self, *args: Any, account: Account, now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.all_lists: list[LeadList] = list(list_choices(account=account))
        self.all_connections: list[Connection] = list(list_connections(account=account))
        cast(forms.ChoiceField, self.fields["lists"]).choices = [(row.pk, row.name) for row in self.all_lists]
        cast(forms.ChoiceField, self.fields["connections"]).choices = [(c.pk, c.name) for c in self.all_connections]
        self._text_errors: dict[int, str] = {}
        self._day_errors: dict[int, str] = {}
        self.window_error = ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._clean_texts(data)
        self._clean_window(data)
        if data.get("when") == LATER and "starts_at" not in self.errors:
            if not data.get("starts_at"):
                self.add_error("starts_at", "Escolha o dia e a hora em que a campanha começa.")
            elif data["starts_at"] <= self.now:
                self.add_error("starts_at", texts.TEXTS["start_in_past"])
        return data

    def _clean_texts(self, data: dict[str, Any]) -> None:
        bodies = self._bodies()
        known = {key for row in self.all_lists if row.pk in data.get("lists", ()) for key in row.variable_keys}
        filled = [(index, body) for index, body in enumerate(bodies) if body.strip()]
        data["texts"] = [body for _, body in filled]
        for problem in render.check_texts(data["texts"], known=known, limit=TEXT_LIMIT):
            place = filled[problem.variation][0]
            self._text_errors.setdefault(place, texts.text_problem(problem.code, problem.field))
        if self._text_errors:
            self.add_error(None, "Confira as mensagens: há uma correção a fazer em cada uma das marcadas.")

    def _clean_window(self, data: dict[str, Any]) -> None:
        window: list[list[list[int]]] = []
        for index in range(7):
            spans = self._spans(index)
            parsed = [[_minute(start), _minute(end, is_end=True)] for start, end in spans if start and end]
            if any(None in span for span in parsed) or any(bool(start) != bool(end) for start, end in spans):
                self._day_errors[index] = "Preencha o início e o fim, como 08:00 e 18:00."
            window.append([[low, high] for low, high in parsed if low is not None and high is not None])
        try:
            Window.of(window)
        except WindowError as error:
            if error.day < 0:
                self.window_error = "Abra pelo menos um dia: do jeito que está, nada seria enviado."
            else:
                self._day_errors.setdefault(error.day, "Cada intervalo começa antes de terminar e não cruza com outro.")
        data["window"] = window
        if self._day_errors or self.window_error:
            self.add_error(None, "Confira os horários de envio.")

    @property
    def _posted(self) -> QueryDict:
        return cast(QueryDict, self.data)

    def _bodies(self) -> list[str]:
        if self.is_bound:
            given = self._posted.getlist("texts")
            return [body.replace("\r\n", "\n") for body in given][: MAX_VARIATIONS + 1]
        return list(self.initial.get("texts", ()))

    def _spans(self, day: int) -> list[tuple[str, str]]:
        if not self.is_bound:
            window = self.initial.get("window") or default_window()
            return [(_clock(low), _clock(high)) for low, high in window[day]]
        if not self.data.get(f"open_{day}"):
            return []
        lows, highs = self._posted.getlist(f"from_{day}"), self._posted.getlist(f"to_{day}")
        return [(low, high) for low, high in zip(lows, highs, strict=False) if low or high]

    @property
    def text_rows(self) -> list[TextRow]:
        bodies = self._bodies() or [""]
        return [TextRow(index + 1, body, self._text_errors.get(index, "")) for index, body in enumerate(bodies)]

    @property
    def days(self) -> list[DayRow]:
        return [
            DayRow(index, name, tuple(self._spans(index)), self._day_errors.get(index, ""))
            for index, name in enumerate(DAYS)
        ]

    @property
    def chosen_lists(self) -> set[int]:
        return _ids(self["lists"].value())

    @property
    def chosen_connections(self) -> set[int]:
        return _ids(self["connections"].value())

    def plan(self) -> CampaignPlan:
        """What was chosen; only after is_valid."""
        data = self.cleaned_data
        return CampaignPlan(
            name=data["name"],
            list_ids=data["lists"],
            connection_ids=data["connections"],
            texts=data["texts"],
            name_fallback=data["name_fallback"],
            window=data["window"],
            skip_holidays=data["skip_holidays"],
            daily_cap=data["daily_cap"],
            starts_at=self.start_time,
        )

    @property
    def start_time(self) -> dt.datetime | None:
        """The time a person marked, else None."""
        data = self.cleaned_data
        return data["starts_at"] if data["when"] == LATER else None


def initial_of(campaign: Campaign, *, time_zone: str) -> dict[str, Any]:
    """What the form shows of a campaign that is edited."""
    return {
        "name": campaign.name,
        "lists": list(campaign.campaign_lists.values_list("list_id", flat=True)),
        "connections": list(campaign.campaign_lanes.values_list("lane__connection_id", flat=True)),
        "texts": list(campaign.variations.values_list("body", flat=True)),
        "name_fallback": campaign.name_fallback,
        "when": LATER if campaign.starts_at else NOW,
        "starts_at": campaign.starts_at.astimezone(ZoneInfo(time_zone)) if campaign.starts_at else None,
        "daily_cap": campaign.daily_cap,
        "window": campaign.window,
        "skip_holidays": campaign.skip_holidays,
    }


def _ids(values: Sequence[Any] | None) -> set[int]:
    return {int(value) for value in values or () if str(value).isdigit()}


def _minute(text: str, *, is_end: bool = False) -> int | None:
    """ "08:30" as minutes of the day; midnight as an end is the end of the day. None where it is no time."""
    try:
        at = dt.time.fromisoformat(text)
    except ValueError:
        return None
    minute = at.hour * 60 + at.minute
    return 24 * 60 if is_end and minute == 0 else minute


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"
