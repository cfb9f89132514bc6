"""Tags and filters for showing values; they decide nothing and query nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from heroicons.templatetags import heroicons

from leads_infinitos.kernel.phone.identity import format_national
from leads_infinitos.portal import formatting, vocabulary

register = template.Library()

_DRAW = {
    "outline": heroicons.heroicon_outline,
    "solid": heroicons.heroicon_solid,
    "mini": heroicons.heroicon_mini,
    "micro": heroicons.heroicon_micro,
}


@register.filter
def number(value: Any) -> str:
    """1.234; a text passes through, so that a tile may hold either."""
    return formatting.number(value) if isinstance(value, int | float) or value is None else str(value)


@register.filter
def percent1(value: float | None) -> str:
    """12,3%; None as a dash."""
    return formatting.percent(value)


@register.filter
def phone(value: str | None) -> str:
    """+5511987654321 as "(11) 98765-4321"; empty as a dash."""
    return format_national(value) if value else formatting.NOTHING


@register.filter
def duration(seconds: float | None) -> str:
    """330 as "5 min 30 s"; None as a dash."""
    return formatting.NOTHING if seconds is None else formatting.duration(seconds)


@register.simple_tag(takes_context=True)
def when(context: template.Context, moment: dt.datetime | None) -> str:
    """A moment as "há 5 min" or "amanhã às 08:00", with the full date and zone on hover; None as a dash."""
    if moment is None:
        return formatting.NOTHING
    zone = timezone.get_current_timezone_name()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        formatting.absolute(moment, zone),
        formatting.relative(moment, _now(context), zone),
    )


@register.simple_tag(takes_context=True)
def countdown(context: template.Context, moment: dt.datetime | None) -> str:
    """The time left until a moment as "00:42", ticking by static/js/live.js; None as a dash."""
    if moment is None:
        return formatting.NOTHING
    left = max(0, round((moment - _now(context)).total_seconds()))
    return format_html(
        '<time class="numeric" datetime="{}" title="{}" data-countdown-s="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        formatting.absolute(moment, timezone.get_current_timezone_name()),
        left,
        formatting.duration(left),
    )


@register.simple_tag
def icon(name: str, style: str = "outline", *, solid: bool = False, label: str = "", **attrs: str) -> SafeString:
    """An icon of heroicons by name. Decoration unless `label` says what it means; `class=` adds a class."""
    given: dict[str, Any] = {"focusable": "false", **attrs, "class": f"icon {attrs.get('class', '')}".strip()}
    if label:
        given |= {"role": "img", "aria_label": label, "aria_hidden": "false"}
    drawn = _DRAW["solid" if solid else style](name, **given)
    return mark_safe(str(drawn))  # noqa: S308 - SVG of the heroicons package; attributes are escaped there


@register.inclusion_tag("components/chip.html")
def chip(kind: str, code: str, reason: str = "") -> dict[str, object]:
    """A status by its kind (campaign, message, receipt, connection, import, row, licence, role) and code."""
    return {"status": vocabulary.status(kind, str(code)), "reason": reason}


@register.inclusion_tag("components/stacked_bar.html")
def stacked_bar(total: int, *, legend: bool = True, **counts: int) -> dict[str, object]:
    """One bar of `total` made of the named counts (keys of vocabulary.BAR_PARTS), drawn in that order; zeros are left out."""
    parts, start = [], 0.0
    for key, word in vocabulary.BAR_PARTS.items():
        count = counts.get(key, 0)
        if count <= 0:
            continue
        width = 100 * count / total if total else 0.0
        parts.append(
            {
                "key": key,
                "word": word,
                "shown": formatting.number(count),
                "start": f"{start:.3f}",
                "width": f"{width:.3f}",
            }
        )
        start += width
    words = ", ".join(f"{part['shown']} {part['word']}" for part in parts)
    return {
        "parts": parts,
        "legend": legend,
        "summary": f"{formatting.number(total)} no total: {words or 'nada ainda'}",
    }


@register.inclusion_tag("components/meter.html")
def meter(value: int, limit: int, *, label: str, note: str = "") -> dict[str, object]:
    """How much of `limit` is used. Amber from 85 %, red when nothing is left."""
    share = 100 * value / limit if limit else 0.0
    tone = "bad" if limit and value >= limit else "warn" if share >= 85 else "ok"
    shown = f"{formatting.number(value)} de {formatting.number(limit)}"
    return {
        "value": value,
        "limit": limit,
        "label": label,
        "note": note,
        "tone": tone,
        "width": f"{min(share, 100):.2f}",
        "shown": shown,
    }


@register.inclusion_tag("components/progress.html")
def progress(done: int, total: int, *, label: str) -> dict[str, object]:
    """How far a piece of work is. A total of 0 means that it is not known yet."""
    share = min(100.0, 100 * done / total) if total else 0.0
    shown = f"{formatting.number(done)} de {formatting.number(total)}" if total else formatting.number(done)
    return {"label": label, "total": total, "percent": round(share), "width": f"{share:.2f}", "shown": shown}


def _now(context: template.Context) -> dt.datetime:
    portal = context.get("portal")
    present: dt.datetime = portal.now if portal else timezone.now()
    return present
