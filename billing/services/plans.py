"""Plans and what operators decide by hand: new versions, grants, revocations, lifted blocks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields

from django.db import transaction

from accounts.models import Account, User
from billing.errors import (
    GrantEndsBeforeStart,
    GrantWithdrawn,
    PlanLimitsInvalid,
    PlanUnknown,
    ReasonMissing,
)
from billing.models import BlockLift, Grant, Plan, Revocation, Subscription
from billing.services.licence import recompute


@dataclass(frozen=True, kw_only=True)
class PlanLimits:
    """What a version of a plan gives."""

    numbers: int  # WhatsApp numbers
    daily_per_number: int  # messages per local day and number
    daily_min: int  # the customer chooses from daily_min to daily_max where these differ
    daily_max: int
    extraction_quota: int  # leads per 30 local days
    days: int | None = None  # a grant of this plan ends after so many days; None: until withdrawn
    min_gap_s: int = 0  # floor of the pace, seconds


def current_plan(slug: str) -> Plan:
    """The version of the plan that is sold now. Raises PlanUnknown."""
    plan = Plan.objects.filter(slug=slug, is_current=True).first()
    if plan is None:
        raise PlanUnknown(plan=slug)
    return plan


def edit_plan(*, slug: str, limits: PlanLimits, now: dt.datetime) -> Plan:
    """Make the next version of a plan; payments and grants keep the one they have. Equal limits change nothing.

    Raises PlanUnknown, PlanLimitsInvalid.
    """
    if not 0 < limits.daily_min <= limits.daily_per_number <= limits.daily_max:
        raise PlanLimitsInvalid(field="daily_per_number")
    if limits.numbers < 1:
        raise PlanLimitsInvalid(field="numbers")
    with transaction.atomic():
        # Every version is locked, and the current one read after that: a lock that waits on the condition itself would find
        # no current version once the editor before it has committed.
        list(Plan.objects.select_for_update().filter(slug=slug).order_by("version"))
        old = Plan.objects.filter(slug=slug, is_current=True).first()
        if old is None:
            raise PlanUnknown(plan=slug)
        values = {field.name: getattr(limits, field.name) for field in fields(limits)}
        if all(getattr(old, name) == value for name, value in values.items()):
            return old
        old.is_current = False
        old.save(update_fields=["is_current"])
        return Plan.objects.create(slug=slug, version=old.version + 1, rank=old.rank, created_at=now, **values)


def change_plan(
    *, account: Account, plan: str, until: dt.datetime | None, reason: str, by: User | None, now: dt.datetime
) -> Grant:
    """Grant the account a plan by hand from now on.

    `until` None means the plan's own days where it has them (Teste), else until the grant is withdrawn. The account gets the
    best of its grants and subscriptions, so a lower plan has no effect beside a higher one. `by` None is a command.
    Raises PlanUnknown, GrantEndsBeforeStart, ReasonMissing.
    """
    version = current_plan(plan)
    if until is None and version.days is not None:
        until = now + dt.timedelta(days=version.days)
    if until is not None and until <= now:
        raise GrantEndsBeforeStart
    with transaction.atomic():
        grant = Grant.objects.create(
            account=account,
            plan=version,
            starts_at=now,
            ends_at=until,
            reason=_said(reason),
            granted_by=by,
            created_at=now,
        )
        recompute(account=account, now=now)
    return grant


def withdraw_grant(*, grant: Grant, now: dt.datetime) -> None:
    """End a grant now. Raises GrantWithdrawn when somebody did it before."""
    with transaction.atomic():
        if not Grant.objects.filter(pk=grant.pk, withdrawn_at__isnull=True).update(withdrawn_at=now):
            raise GrantWithdrawn
        recompute(account=grant.account, now=now)


def revoke(*, account: Account, reason: str, by: User | None, now: dt.datetime) -> Revocation:
    """Shut the account whatever it paid, until the revocation is withdrawn; the one in force is returned when there is one."""
    with transaction.atomic():
        revocation, _ = Revocation.objects.get_or_create(
            account=account,
            withdrawn_at=None,
            defaults={"reason": _said(reason), "revoked_by": by, "revoked_at": now},
        )
        recompute(account=account, now=now)
    return revocation


def withdraw_revocation(*, revocation: Revocation, now: dt.datetime) -> None:
    """Let the account's payments and grants count again."""
    with transaction.atomic():
        Revocation.objects.filter(pk=revocation.pk, withdrawn_at__isnull=True).update(withdrawn_at=now)
        recompute(account=revocation.account, now=now)


def lift_block(*, subscription: Subscription, reason: str, by: User | None, now: dt.datetime) -> BlockLift:
    """Decide that the chargebacks of a subscription up to now no longer block it; the payments stay reversed."""
    with transaction.atomic():
        lift = BlockLift.objects.create(subscription=subscription, reason=_said(reason), lifted_by=by, lifted_at=now)
        if subscription.account is not None:
            recompute(account=subscription.account, now=now)
    return lift


def _said(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise ReasonMissing
    return reason[:200]
