"""Posts what Hotmart posts: 2.0.0 events made from templates, with dates relative to now and identities of their own."""

from __future__ import annotations

import calendar
import datetime as dt
import json
import re
import secrets
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "hotmart_events"
VERBATIM = ".panel_test"  # the panel's test button always posts the same body, of 2017
SHORTCUTS: dict[str, tuple[str, ...]] = {
    "email": (
        "data.buyer.email",
        "data.subscriber.email",
        "data.user.email",
        "data.subscription.user.email",
    ),
    "name": ("data.buyer.name", "data.subscriber.name", "data.user.name"),
    "transaction": ("data.purchase.transaction",),
    "subscriber_code": (
        "data.subscription.subscriber.code",
        "data.subscriber.code",
        "data.subscription.subscriber_code",
    ),
    "plan_id": ("data.subscription.plan.id", "data.plan.id"),
    "plan_name": ("data.subscription.plan.name", "data.plan.name"),
    "offer_code": ("data.purchase.offer.code", "data.offer.code", "data.plan.offer.code"),
    "product_id": ("data.product.id", "data.subscription.product.id"),
    "recurrence_number": ("data.purchase.recurrence_number",),
}
_MISSING = object()
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_A_MILLISECOND_STAMP = 10**11


class UnknownTemplate(Exception):
    """No template has that name."""


def template_names() -> list[str]:
    """`PURCHASE_APPROVED`, `PURCHASE_APPROVED.renewal`, ..."""
    return sorted(path.stem for path in TEMPLATES.glob("*.json"))


def build_event(template: str, overrides: Mapping[str, object], *, now: dt.datetime) -> dict[str, Any]:
    """A fresh event: its own id, transaction and subscriber code, and every date moved so that it was produced at `now`.

    An approved purchase was approved seconds ago and is charged again a month later (`months` changes that) at noon UTC.
    Overrides: the names of `SHORTCUTS`, `id`, `months`, or a dotted path such as `data.purchase.status`.
    Raises UnknownTemplate.
    """
    if template not in template_names():
        raise UnknownTemplate(template)
    event: dict[str, Any] = json.loads((TEMPLATES / f"{template}.json").read_text(encoding="utf-8"))
    wanted = dict(overrides)
    months = int(str(wanted.pop("months", 1)))
    if not template.endswith(VERBATIM):
        _refresh(event, months=months, now=now)
    for name, value in wanted.items():
        override(event, name, value)
    return event


def override(event: dict[str, Any], name: str, value: object) -> None:
    """Set a shortcut wherever the event has that field, or exactly the dotted path."""
    for path in SHORTCUTS.get(name, ()):
        if _get(event, path) is not _MISSING:
            _set(event, path, value)
    if name not in SHORTCUTS:
        _set(event, name, value)


def _refresh(event: dict[str, Any], *, months: int, now: dt.datetime) -> None:
    created = "creation_date" if "creation_date" in event else "creationDate"
    now_ms = int(now.timestamp() * 1000)
    moved = _moved(event, now_ms - int(event[created]))
    event.update(moved)
    event["id"] = str(uuid.uuid4())
    override(event, "transaction", f"HP{secrets.randbelow(10**10):010d}")
    override(event, "subscriber_code", secrets.token_hex(4).upper())
    if event["event"] == "PURCHASE_APPROVED" and _get(event, "data.purchase.date_next_charge") is not _MISSING:
        _set(event, "data.purchase.date_next_charge", int(_months_later(now, months).timestamp() * 1000))


def _moved(value: Any, delta_ms: int) -> Any:
    """The same tree with every date moved: millisecond stamps and ISO texts."""
    if isinstance(value, dict):
        return {key: _moved(inner, delta_ms) for key, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, delta_ms) for inner in value]
    if isinstance(value, int) and value > _A_MILLISECOND_STAMP:
        return value + delta_ms
    if isinstance(value, str) and _ISO.fullmatch(value):
        later = dt.datetime.fromisoformat(value) + dt.timedelta(milliseconds=delta_ms)
        if value.endswith("T00:00:00Z"):
            return later.strftime("%Y-%m-%dT00:00:00Z")
        return later.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def _months_later(now: dt.datetime, months: int) -> dt.datetime:
    """The same day of a later month at 12:00 UTC, where Hotmart's captures have it; the last day when it is shorter."""
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    return dt.datetime(year, month + 1, day, 12, tzinfo=dt.UTC)


def _get(event: dict[str, Any], path: str) -> object:
    value: object = event
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _set(event: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split(".")
    target = event
    for key in parents:
        inner = target.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ValueError(f"{path} is no path of the event")
        target = inner
    target[last] = value
