"""What an account may do now, for screens and checks. The sending engine reads `SendAllowance` itself, under its lock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.models import Account
from billing.domain.projection import LicenceView, project
from billing.models import Licence, Plan, SendAllowance
from billing.selectors.facts import facts_of_account
from leads_infinitos.kernel.clock import local_day


@dataclass(frozen=True)
class Entitlement:
    """The account's right at one moment. Without a plan every number is zero."""

    state: str  # a value of billing.models.LicenceState
    plan: Plan | None
    period: str  # "monthly", "annual", or "" for a grant
    access: bool
    access_until: dt.datetime | None  # before grace; None with access: no end
    grace_until: dt.datetime | None  # when access ends, after grace
    first_access_at: dt.datetime | None  # extraction cycles count from it
    numbers: int  # WhatsApp numbers
    daily_per_number: int  # messages per local day
    daily_limit: int  # messages per local day, all numbers together
    used_today: int  # messages counted on the account's local day
    extraction_quota: int  # leads per cycle of 30 local days
    halted_reason: str  # code of what an operator stopped sending for; empty: not halted

    @property
    def left_today(self) -> int:
        return max(0, self.daily_limit - self.used_today) if self.access else 0


def entitlement_for(account: Account, now: dt.datetime) -> Entitlement:
    """What the account may do at `now`, exact also when the licence clock has not come by since something ended."""
    licence = Licence.objects.filter(account=account).select_related("plan").first() or Licence(account=account)
    allowance = SendAllowance.objects.filter(account=account).first() or SendAllowance(account=account)
    view = _live_view(licence, now)
    plan = licence.plan if view is None or not view.plan else Plan.objects.get(pk=view.plan.id)
    access = licence.has_access if view is None else view.has_access
    daily = allowance.daily_per_number if view is None or not plan else plan.daily_for(licence.chosen_daily)
    numbers = plan.numbers if plan else 0
    return Entitlement(
        state=licence.state if view is None else view.state,
        plan=plan,
        period=licence.period if view is None else view.period,
        access=access,
        access_until=licence.access_until if view is None else view.access_until,
        grace_until=licence.grace_until if view is None else view.grace_until,
        first_access_at=licence.first_access_at,
        numbers=numbers,
        daily_per_number=daily,
        daily_limit=numbers * daily,
        used_today=allowance.used_count if allowance.used_on == local_day(now, account.time_zone) else 0,
        extraction_quota=plan.extraction_quota if plan else 0,
        halted_reason=allowance.halted_reason,
    )


def _live_view(licence: Licence, now: dt.datetime) -> LicenceView | None:
    """The projection at `now` when the stored one is out of date, else None."""
    if licence.recompute_at is None or licence.recompute_at > now:
        return None
    return project(facts_of_account(licence.account_id), now=now)
