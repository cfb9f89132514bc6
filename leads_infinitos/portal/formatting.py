"""How values are written for people: numbers, percents, times and durations in Portuguese. `now` and zones are arguments."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

NOTHING = "—"
WEEKDAYS = ("seg.", "ter.", "qua.", "qui.", "sex.", "sáb.", "dom.")

# What people call the Brazilian zones; others show their IANA name.
ZONE_NAMES = {
    "America/Sao_Paulo": "horário de Brasília",
    "America/Bahia": "horário da Bahia",
    "America/Fortaleza": "horário de Fortaleza",
    "America/Recife": "horário do Recife",
    "America/Maceio": "horário de Maceió",
    "America/Belem": "horário de Belém",
    "America/Araguaina": "horário de Araguaína",
    "America/Santarem": "horário de Santarém",
    "America/Campo_Grande": "horário de Campo Grande",
    "America/Cuiaba": "horário de Cuiabá",
    "America/Manaus": "horário de Manaus",
    "America/Porto_Velho": "horário de Porto Velho",
    "America/Boa_Vista": "horário de Boa Vista",
    "America/Rio_Branco": "horário do Acre",
    "America/Eirunepe": "horário de Eirunepé",
    "America/Noronha": "horário de Fernando de Noronha",
}


def number(value: int | float | None) -> str:
    """1234 as "1.234"; None as a dash. A float keeps one decimal."""
    if value is None:
        return NOTHING
    text = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    return text.translate(str.maketrans(",.", ".,"))


def percent(value: float | None) -> str:
    """12.345 as "12,3%"; None (nothing to divide by) as a dash."""
    return NOTHING if value is None else f"{number(float(value))}%"


def zone_name(zone: str) -> str:
    """The zone as people say it: "horário de Brasília"."""
    return ZONE_NAMES.get(zone, f"horário de {zone}")


def absolute(moment: dt.datetime, zone: str) -> str:
    """ "25/01/2026 14:03, horário de Brasília"."""
    return f"{moment.astimezone(ZoneInfo(zone)):%d/%m/%Y %H:%M}, {zone_name(zone)}"


def duration(seconds: float) -> str:
    """Two units at most: "42 s", "5 min 30 s", "3 h 20 min", "2 dias 4 h"."""
    left = max(0, round(seconds))
    if left < 60:
        return f"{left} s"
    units = (("dia", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for name, size in units:
        count, left = divmod(left, size)
        if count:
            plural = "s" if name == "dia" and count > 1 else ""
            parts.append(f"{count} {name}{plural}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts)


def relative(moment: dt.datetime, now: dt.datetime, zone: str) -> str:
    """How a person would say it now: "há 5 min", "ontem às 14:02", "em 40 s", "amanhã às 08:00", "12/03 às 09:30"."""
    seconds = (moment - now).total_seconds()
    if abs(seconds) < 5:
        return "agora"
    if abs(seconds) < 3600:
        size = f"{abs(seconds):.0f} s" if abs(seconds) < 60 else f"{int(abs(seconds) // 60)} min"
        return f"em {size}" if seconds > 0 else f"há {size}"
    local, today = moment.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    days = (local.date() - today).days
    if days == 0:
        return f"hoje às {local:%H:%M}" if seconds > 0 else f"há {int(-seconds // 3600)} h"
    if days in (-1, 1):
        return f"{'amanhã' if days == 1 else 'ontem'} às {local:%H:%M}"
    if abs(days) < 7:
        return f"{WEEKDAYS[local.weekday()]} {local:%d/%m} às {local:%H:%M}"
    if local.year == today.year:
        return f"{local:%d/%m} às {local:%H:%M}"
    return f"{local:%d/%m/%Y}"
