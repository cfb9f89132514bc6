"""What is true of one payment, from every status that was seen of it, in whatever order they came (Hotmart contract §7.1)."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

APPROVED = "APPROVED"
COMPLETED = "COMPLETED"
CANCELED = "CANCELED"
EXPIRED = "EXPIRED"
DELAYED = "DELAYED"
BILLET_PRINTED = "BILLET_PRINTED"
DISPUTE = "DISPUTE"
REFUNDED = "REFUNDED"
PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
CHARGEBACK = "CHARGEBACK"

PAID = frozenset({APPROVED, COMPLETED})
REVERSED = frozenset({REFUNDED, CHARGEBACK})

# Whose word counts when two statuses say different things of one payment: the approval, then its completion.
_PRECEDENCE = (APPROVED, COMPLETED, DISPUTE, PARTIALLY_REFUNDED, REFUNDED, CHARGEBACK)
MONTHLY, ANNUAL = "monthly", "annual"
T = TypeVar("T")


@dataclass(frozen=True)
class PlanRef:
    """One version of a plan: its row and its place in teste < starter < pro < scale < infinite."""

    id: int
    rank: int


@dataclass(frozen=True)
class StatusFact:
    """That a status was seen, with what its event said; None where it said nothing. Times are aware UTC."""

    status: str
    produced_at: dt.datetime
    approved_at: dt.datetime | None = None
    next_charge_at: dt.datetime | None = None
    price_cents: int | None = None


@dataclass(frozen=True)
class PaymentFact:
    """One transaction and the statuses seen of it (at least one)."""

    transaction: str
    statuses: tuple[StatusFact, ...]
    plan: PlanRef | None = None
    period: str = ""


@dataclass(frozen=True)
class Settled:
    """One transaction, judged."""

    transaction: str
    plan: PlanRef | None
    period: str
    approved_at: dt.datetime | None  # None: no money was ever accepted
    ends_at: dt.datetime | None  # of paid ones: when the period it pays for is over
    price_cents: int | None  # None: no event said it
    is_paid: bool  # approved or completed, and not reversed
    is_reversed: bool
    is_disputed: bool
    charged_back_at: dt.datetime | None


def settle(payment: PaymentFact) -> Settled:
    """Judge a payment. The same set of statuses gives the same answer in any order."""
    seen = {fact.status for fact in payment.statuses}
    ordered = sorted(payment.statuses, key=_weight)
    approved_at = _first(fact.approved_at for fact in ordered)
    if approved_at is None and seen & (
        PAID | REVERSED
    ):  # a paid event without the date: its own time is the best there is
        approved_at = min(fact.produced_at for fact in ordered if fact.status in PAID | REVERSED)
    is_reversed = bool(seen & REVERSED)
    return Settled(
        transaction=payment.transaction,
        plan=payment.plan,
        period=payment.period,
        approved_at=approved_at,
        ends_at=_end(ordered, approved_at, payment.period) if seen & PAID else None,
        price_cents=_first(fact.price_cents for fact in ordered),
        is_paid=bool(seen & PAID) and not is_reversed,
        is_reversed=is_reversed,
        is_disputed=_is_disputed(payment.statuses),
        charged_back_at=max((fact.produced_at for fact in payment.statuses if fact.status == CHARGEBACK), default=None),
    )


def add_period(start: dt.datetime, period: str) -> dt.datetime:
    """`start` plus one month or one year, on the last day of a month too short for it; an unknown period is a month."""
    months = 12 if period == ANNUAL else 1
    index = start.month - 1 + months
    year, month = start.year + index // 12, index % 12 + 1
    return start.replace(year=year, month=month, day=min(start.day, monthrange(year, month)[1]))


def _weight(fact: StatusFact) -> tuple[int, float]:
    place = _PRECEDENCE.index(fact.status) if fact.status in _PRECEDENCE else len(_PRECEDENCE)
    return place, -fact.produced_at.timestamp()


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def _end(ordered: list[StatusFact], approved_at: dt.datetime | None, period: str) -> dt.datetime | None:
    named = _first(fact.next_charge_at for fact in ordered if fact.status in PAID)
    if named is not None or approved_at is None:
        return named
    return add_period(approved_at, period)


def _is_disputed(statuses: tuple[StatusFact, ...]) -> bool:
    protests = [fact.produced_at for fact in statuses if fact.status == DISPUTE]
    closings = [fact.produced_at for fact in statuses if fact.status == COMPLETED]
    return bool(protests) and (not closings or max(closings) <= max(protests))
