"""Everything that the page of the plan shows and billing knows; words are in `billing.texts`, connections and leads elsewhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.models import Account
from billing.domain.payments import settle
from billing.models import Grant, Payment, Plan
from billing.selectors.entitlement import Entitlement, entitlement_for
from billing.selectors.facts import payment_fact

MOST_PAYMENTS = 24  # of the history; two years of months


@dataclass(frozen=True)
class PlanOption:
    """One line of the comparison of plans."""

    plan: Plan
    is_current: bool
    is_upgrade: bool

    @property
    def daily_limit(self) -> int:
        """Most messages per day with all numbers."""
        return self.plan.numbers * self.plan.daily_max


@dataclass(frozen=True)
class PaymentLine:
    """One payment of the history, newest first."""

    transaction: str
    approved_at: dt.datetime | None  # None: no money was accepted
    ends_at: dt.datetime | None
    plan: Plan | None
    period: str
    price_cents: int
    currency: str
    outcome: str  # "paid", "disputed", "refunded", "charged_back" or "unpaid"


@dataclass(frozen=True)
class PlanPage:
    """The data of /plan."""

    entitlement: Entitlement
    renews_at: dt.datetime | None  # next charge of a subscription in good standing; None: nothing will be charged
    is_granted: bool  # the right in force was given by hand
    chooses_daily: bool  # the plan lets the customer choose messages per day and number
    options: tuple[PlanOption, ...]
    payments: tuple[PaymentLine, ...]


def plan_page(account: Account, now: dt.datetime) -> PlanPage:
    """What the account has, what else there is, and what it paid. A constant number of queries."""
    right = entitlement_for(account, now)
    charged = right.state in ("active", "trialing", "disputed") and bool(right.period)
    return PlanPage(
        entitlement=right,
        renews_at=right.access_until if charged else None,
        is_granted=right.access and not right.period and Grant.objects.filter(account=account).exists(),
        chooses_daily=right.access and right.plan is not None and right.plan.lets_choose_daily,
        options=_options(right.plan if right.access else None),
        payments=_payments(account),
    )


def _options(held: Plan | None) -> tuple[PlanOption, ...]:
    """The plans on sale; Teste only for who has it."""
    plans = Plan.objects.filter(is_current=True).order_by("rank")
    return tuple(
        PlanOption(
            plan=plan,
            is_current=held is not None and plan.slug == held.slug,
            is_upgrade=held is None or plan.rank > held.rank,
        )
        for plan in plans
        if plan.days is None or (held is not None and plan.slug == held.slug)
    )


def _payments(account: Account) -> tuple[PaymentLine, ...]:
    rows = Payment.objects.filter(subscription__account=account).select_related("plan").prefetch_related("statuses")
    return tuple(_line(payment) for payment in rows.order_by("-created_at", "-pk")[:MOST_PAYMENTS])


def _line(payment: Payment) -> PaymentLine:
    settled = settle(payment_fact(payment))
    outcome = "unpaid"
    if settled.charged_back_at is not None:
        outcome = "charged_back"
    elif settled.is_reversed:
        outcome = "refunded"
    elif settled.is_paid:
        outcome = "disputed" if settled.is_disputed else "paid"
    return PaymentLine(
        transaction=payment.transaction,
        approved_at=settled.approved_at,
        ends_at=settled.ends_at,
        plan=payment.plan,
        period=payment.period,
        price_cents=payment.price_cents,
        currency=payment.currency,
        outcome=outcome,
    )
