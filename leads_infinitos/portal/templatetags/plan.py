"""Filters that show what billing knows in words."""

from __future__ import annotations

from django import template

from billing import texts
from billing.selectors.plan_page import PaymentLine

register = template.Library()

PERIODS = {"monthly": "mensal", "annual": "anual"}


@register.filter
def price(line: PaymentLine) -> str:
    """The amount of a payment with its currency."""
    return texts.price(line.price_cents, line.currency)


@register.filter
def outcome_word(code: str) -> str:
    """What became of a payment: "Pago", "Reembolsado"."""
    return texts.OUTCOMES.get(code, code)


@register.filter
def period_word(code: str) -> str:
    """ "mensal", "anual"; empty for a right that was granted."""
    return PERIODS.get(code, "")
