"""Money is whole cents (`_cents: int`) in BRL; floats never hold an amount."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def to_cents(amount: float | str | Decimal) -> int:
    """Whole cents of an amount in the currency's unit, half up: 197.005 -> 19701."""
    return int((Decimal(str(amount)) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def brl(cents: int) -> str:
    """Cents as people in Brazil read them: 1234567 -> "R$ 12.345,67"."""
    sign = "-" if cents < 0 else ""
    units, rest = divmod(abs(cents), 100)
    return f"{sign}R$ {units:,}".replace(",", ".") + f",{rest:02d}"
