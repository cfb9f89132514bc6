"""Tags that show what the sending engine says: states with their reason and time, messages, rests. They decide nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.utils import timezone

from campaigns import texts
from campaigns.domain import rates
from campaigns.models import CampaignMessage
from campaigns.selectors.states import CampaignState, LaneState
from leads_infinitos.portal import formatting, vocabulary

register = template.Library()

# Parts of the audience in the order of the equation, in words for one and for many.
EQUATION = {
    "sent": ("enviada", "enviadas"),
    "failed": ("falha", "falhas"),
    "invalid": ("número inválido", "números inválidos"),
    "skipped": ("ignorada", "ignoradas"),
    "unconfirmed": ("incerta", "incertas"),
    "cancelled": ("cancelada", "canceladas"),
    "sending": ("enviando", "enviando"),
    "queued": ("na fila", "na fila"),
}


@register.inclusion_tag("campaigns/_state.html", takes_context=True)
def campaign_state(context: template.Context, state: CampaignState) -> dict[str, object]:
    """The chip of a campaign's state and the line that says why, with the time it goes on and its zone."""
    return {
        "status": vocabulary.status("campaign", state.code),
        "reason": state_line(state, now=_now(context), zone=_zone()),
    }


def state_line(state: CampaignState, *, now: dt.datetime, zone: str) -> str:
    """ "Pausada pelo plano: limite de 30 hoje; continua amanhã às 08:00 (horário de Brasília)."."""
    reason = texts.reason(state.reason, state.compared)
    if state.until is None:
        return reason if not reason or reason.endswith(".") else f"{reason}."
    moment = f"{formatting.relative(state.until, now, zone)} ({formatting.zone_name(zone)})"
    if state.code == "scheduled":
        return f"Começa {moment}."
    return f"{reason.rstrip('.')}; continua {moment}."


@register.simple_tag(takes_context=True)
def lane_line(context: template.Context, state: LaneState) -> str:
    """Why a number sends nothing now, with the time it goes on; empty where it may send."""
    verdict = state.verdict
    shown = CampaignState("", verdict.reason, verdict.compared, verdict.until)
    return "" if verdict.may_send else state_line(shown, now=_now(context), zone=_zone())


@register.filter
def reason_text(code: str) -> str:
    """The sentence of a reason."""
    return texts.reason(code)


@register.filter
def reason_word(code: str) -> str:
    """The reason in two or three words."""
    return texts.word(code)


@register.filter
def message_state(message: CampaignMessage) -> str:
    """The code of the chip of a message: a sent one shows the furthest step WhatsApp reported."""
    if message.status == "sent" and message.receipt in ("delivered", "read"):
        return message.receipt
    return message.status


@register.filter
def share_of(part: int, whole: int) -> str:
    """A part of a whole as "12,3%"; a dash where there is no whole."""
    return formatting.percent(rates.share(part, whole))


@register.filter
def equation(buckets: dict[str, int]) -> list[dict[str, Any]]:
    """The parts of an audience that are not zero, each with its word; for "1.058 = 412 enviadas + 18 falhas"."""
    return [
        {"code": code, "count": formatting.number(count), "word": EQUATION[code][count != 1]}
        for code, count in buckets.items()
        if count
    ]


@register.filter
def pace(lane: Any) -> str:
    """The interval of a number in words: "a cada 5 a 10 min"."""
    low, high = lane.gap_min_s, lane.gap_max_s
    if high == 0:
        return "sem intervalo"
    if low % 60 == 0 and high % 60 == 0:
        return f"a cada {low / 60:.0f} min" if low == high else f"a cada {low / 60:.0f} a {high / 60:.0f} min"
    return f"a cada {low:g} s" if low == high else f"a cada {low:g} a {high:g} s"


@register.simple_tag
def zone_now() -> str:
    """The zone that times on this page are in, as people say it."""
    return formatting.zone_name(_zone())


@register.filter
def window_lines(window: list[list[list[int]]]) -> list[dict[str, str]]:
    """A window as lines of days that share their hours: "seg. a sex." "08:00–20:00"."""
    hours = [" e ".join(f"{_clock(low)}–{_clock(high)}" for low, high in day) or "fechado" for day in window]
    lines: list[dict[str, str]] = []
    start = 0
    for index in range(1, 8):
        if index == 7 or hours[index] != hours[start]:
            first, last = formatting.WEEKDAYS[start], formatting.WEEKDAYS[index - 1]
            between = " e " if index - start == 2 else " a "
            lines.append({"days": first if index - start == 1 else f"{first}{between}{last}", "hours": hours[start]})
            start = index
    return lines


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _zone() -> str:
    return timezone.get_current_timezone_name()


def _now(context: template.Context) -> dt.datetime:
    portal = context.get("portal")
    present: dt.datetime = portal.now if portal else timezone.now()
    return present
