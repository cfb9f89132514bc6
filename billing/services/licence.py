"""Writes the projection: `Licence` and `SendAllowance` of an account from its facts. Nothing else writes them."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction

from accounts.models import Account
from billing.domain import projection
from billing.errors import DailyNotOffered, DailyOutOfRange
from billing.models import Licence, Plan, SendAllowance
from billing.selectors.facts import facts_of_account
from billing.services import allowance as allowances

logger = logging.getLogger(__name__)

CLOCK_RETRY = dt.timedelta(minutes=10)
CLOCK_BATCH = 200  # licences per run of the clock; the next run takes the rest


def recompute(*, account: Account, now: dt.datetime) -> Licence:
    """Bring licence and allowance of the account up to its facts at `now`; both are made when missing.

    Locks the allowance before it reads the facts: whoever comes second sees what the first one committed.
    The listeners of `billing.services.allowance` are told when anything a claim reads has changed.
    """
    with transaction.atomic():
        allowance = allowances.lock(account.pk)
        licence = Licence.objects.filter(account=account).first() or Licence(account=account)
        _apply(licence, projection.project(facts_of_account(account.pk), now=now), now)
        licence.save()
        if _apply_allowance(allowance, licence):
            allowance.save(update_fields=["send_until", "numbers", "daily_limit", "daily_per_number", "min_gap_s"])
            allowances.allowance_changed(account_id=account.pk, now=now)
    return licence


def run_clock(*, now: dt.datetime, limit: int = CLOCK_BATCH) -> int:
    """Recompute the licences that the passing of time has changed, oldest first, each in its own transaction.

    Returns how many were due in this batch; `limit` of them means that more may wait. An account whose projection raises is
    put off for a while and alarmed: one bad row must not stop the clock of the others.
    """
    due = Licence.objects.filter(recompute_at__lte=now).order_by("recompute_at").values_list("account", flat=True)
    accounts = Account.objects.in_bulk(list(due[:limit]))
    for account in accounts.values():
        try:
            recompute(account=account, now=now)
        except Exception as error:  # noqa: BLE001 (logged without the text, which may hold the row's values)
            logger.error("billing.clock_failed", extra={"account_id": account.pk, "error": type(error).__name__})
            Licence.objects.filter(account=account).update(recompute_at=now + CLOCK_RETRY)
    return len(accounts)


def choose_daily(*, account: Account, daily: int, now: dt.datetime) -> Licence:
    """Set how many messages per day each number of the account sends, where its plan lets the customer choose.

    Raises DailyNotOffered, DailyOutOfRange (params least, most).
    """
    with transaction.atomic():
        allowances.lock(account.pk)
        licence = Licence.objects.select_related("plan").filter(account=account).first()
        plan = licence.plan if licence else None
        if plan is None or not plan.lets_choose_daily:
            raise DailyNotOffered
        if not plan.daily_min <= daily <= plan.daily_max:
            raise DailyOutOfRange(least=plan.daily_min, most=plan.daily_max)
        Licence.objects.filter(account=account).update(chosen_daily=daily)
        return recompute(account=account, now=now)


def _apply(licence: Licence, view: projection.LicenceView, now: dt.datetime) -> None:
    licence.state = view.state
    licence.plan = Plan.objects.get(pk=view.plan.id) if view.plan else None
    licence.period = view.period
    licence.access_until = view.access_until
    licence.grace_until = view.grace_until
    licence.needs_review = view.needs_review
    licence.recompute_at = view.recompute_at
    licence.computed_at = now
    if view.has_access and licence.first_access_at is None:  # set once: quota cycles count from it and nothing moves it
        licence.first_access_at = min(view.since or now, now)


def _apply_allowance(allowance: SendAllowance, licence: Licence) -> bool:
    """Write what the claim reads; True when anything differs from before."""
    before = _claim_values(allowance)
    plan = licence.plan
    allowance.send_until = None
    if licence.has_access:
        allowance.send_until = licence.grace_until or projection.FOREVER
    daily = plan.daily_for(licence.chosen_daily) if plan else 0
    allowance.numbers = plan.numbers if plan else 0
    allowance.daily_per_number = daily
    allowance.daily_limit = allowance.numbers * daily
    allowance.min_gap_s = float(plan.min_gap_s) if plan else 0.0
    return _claim_values(allowance) != before


def _claim_values(allowance: SendAllowance) -> tuple[object, ...]:
    return (
        allowance.send_until,
        allowance.numbers,
        allowance.daily_limit,
        allowance.daily_per_number,
        allowance.min_gap_s,
    )
