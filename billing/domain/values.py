"""Tolerant readers of single values in Hotmart payloads (contract §4): what cannot be read is None or empty, never an error."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from leads_infinitos.kernel.money import to_cents

_MS_FROM = 10**11  # a larger number is milliseconds, a smaller one seconds (contract §4.2, parser rules)
_YEARS = range(2000, 2200)  # outside it is a broken value, and arithmetic on it would overflow
_MOST_CENTS = 10**13
_EMAIL = re.compile(r"[^@\s<>\"(),:;\\]+@[^@\s<>\"(),:;\\]+\.[^@\s.<>\"(),:;\\]+")


def branch(value: Any, *path: str) -> dict[str, Any]:
    """The object at `path`, or an empty one."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def identifier(value: Any, limit: int = 60) -> str:
    """An id or code as text, whether it came as number or string; empty when absent or longer than any real one."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip() if isinstance(value, int | str) else ""
    return text if len(text) <= limit else ""


def words(value: Any, limit: int) -> str:
    """Free text with single spaces, cut at `limit`."""
    return " ".join(value.split())[:limit].strip() if isinstance(value, str) else ""


def email(value: Any) -> str:
    """An address in lower case, trimmed; empty when it cannot be one."""
    text = value.strip().lower() if isinstance(value, str) else ""
    return text if len(text) <= 254 and _EMAIL.fullmatch(text) else ""


def moment(value: Any) -> dt.datetime | None:
    """A time as aware UTC from milliseconds, seconds (numbers or numeric strings) or ISO 8601 (naive means UTC)."""
    if isinstance(value, str):
        value = value.strip()
        if not value.isascii():
            return None
    if isinstance(value, bool) or value is None or value == "":
        return None
    try:
        read = _from_number(float(value))
    except (TypeError, ValueError):
        read = _from_iso(value) if isinstance(value, str) else None
    except OverflowError:
        return None
    return read if read is not None and read.year in _YEARS else None


def cents(value: Any) -> int | None:
    """Whole cents of an amount given as number or numeric string; None when absent or absurd."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value).strip())
        if not amount.is_finite() or abs(amount) * 100 > _MOST_CENTS:
            return None
        return to_cents(amount)
    except InvalidOperation:
        return None


def count(value: Any) -> int | None:
    """A small whole number given as number or numeric string."""
    text = identifier(value, 9)
    return int(text) if text.isascii() and text.isdigit() else None


def _from_number(number: float) -> dt.datetime | None:
    seconds = number / 1000 if abs(number) > _MS_FROM else number
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (ValueError, OSError):
        return None


def _from_iso(text: str) -> dt.datetime | None:
    try:
        read = dt.datetime.fromisoformat(text)
        return read.replace(tzinfo=dt.UTC) if read.tzinfo is None else read.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
