"""The licence as a projection of facts (Hotmart contract §7.2): pure, the same facts give the same licence in any order.

`project` decides from everything known, never from the newest event, and names the next moment at which time alone
may change the answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from billing.domain.payments import PaymentFact, PlanRef, Settled, settle

NONE, PENDING, TRIALING, ACTIVE, CANCELING = "none", "pending", "trialing", "active", "canceling"
DISPUTED, PAST_DUE, EXPIRED, REFUNDED, BLOCKED = "disputed", "past_due", "expired", "refunded", "blocked"

# Between subscriptions without access and equal otherwise, the one that says more is shown.
_TELLING = {NONE: 0, PENDING: 1, EXPIRED: 2, REFUNDED: 3, BLOCKED: 4}
_CHARGE_DATE_PUSH = dt.timedelta(days=31)
FOREVER = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)


@dataclass(frozen=True)
class CancellationFact:
    """Renewal was stopped; access ends at `last_access_at` at the latest."""

    cancelled_at: dt.datetime
    last_access_at: dt.datetime | None = None


@dataclass(frozen=True)
class SwitchFact:
    """The plan changed; payments approved before end no later than `next_charge_at` when given."""

    switched_at: dt.datetime
    plan: PlanRef
    period: str = ""
    next_charge_at: dt.datetime | None = None


@dataclass(frozen=True)
class ChargeDateFact:
    """The charge day of an active subscription moved: may push the end of the period it came in by 31 days at most."""

    created_at: dt.datetime
    next_charge_at: dt.datetime


@dataclass(frozen=True)
class SubscriptionFacts:
    """Everything known of one subscriber code (or one-time sale)."""

    code: str
    payments: tuple[PaymentFact, ...] = ()
    cancellations: tuple[CancellationFact, ...] = ()
    switches: tuple[SwitchFact, ...] = ()
    charge_dates: tuple[ChargeDateFact, ...] = ()
    blocks_lifted_at: tuple[dt.datetime, ...] = ()
    grace: dt.timedelta = dt.timedelta(days=5)
    cancelled_grace: dt.timedelta = dt.timedelta()


@dataclass(frozen=True)
class GrantFact:
    """A right given by hand: one more subscription, without grace. `ends_at` None = until withdrawn."""

    plan: PlanRef
    starts_at: dt.datetime
    ends_at: dt.datetime | None = None
    withdrawn_at: dt.datetime | None = None

    @property
    def over_at(self) -> dt.datetime:
        return min(self.ends_at or FOREVER, self.withdrawn_at or FOREVER)


@dataclass(frozen=True)
class Facts:
    """Everything known of one account (or of a buyer without one)."""

    subscriptions: tuple[SubscriptionFacts, ...] = ()
    grants: tuple[GrantFact, ...] = ()
    is_revoked: bool = False


@dataclass(frozen=True)
class LicenceView:
    """What an account may do at one moment."""

    state: str = NONE
    plan: PlanRef | None = None
    period: str = ""
    has_access: bool = False
    access_until: dt.datetime | None = (
        None  # before grace; None: never had an end (no access, or a grant until withdrawn)
    )
    grace_until: dt.datetime | None = None  # when access really ends: after grace; None: no access, or no end
    since: dt.datetime | None = None  # the earliest start of anything paid or granted
    needs_review: bool = False  # a subscription is blocked by a chargeback
    recompute_at: dt.datetime | None = None  # time alone changes nothing before this; None: never


@dataclass(frozen=True)
class _Timeline:
    """One subscription with its payments judged, as seen at `now`."""

    facts: SubscriptionFacts
    now: dt.datetime
    payments: tuple[Settled, ...] = field(default=())

    @property
    def approved(self) -> list[Settled]:
        """Payments whose money was accepted by now, reversed or not, oldest first."""
        known = [p for p in self.payments if p.approved_at is not None and p.approved_at <= self.now]
        return sorted(known, key=lambda p: (_must(p.approved_at), p.transaction))

    @property
    def paid(self) -> list[Settled]:
        return [p for p in self.approved if p.is_paid]


def project(facts: Facts, *, now: dt.datetime) -> LicenceView:
    """The account's licence at `now` (aware UTC): its best subscription or grant.

    Best means: has access first, then the higher tier, then the later end. A revocation beats everything.
    """
    views = [_subscription_view(subscription, now) for subscription in facts.subscriptions]
    views += [_grant_view(grant, now) for grant in facts.grants if grant.starts_at <= now]
    best = max(views, key=_rank, default=LicenceView())
    access = best.has_access and not facts.is_revoked
    return LicenceView(
        state=BLOCKED if facts.is_revoked else best.state,
        plan=best.plan,
        period=best.period,
        has_access=access,
        access_until=best.access_until,
        grace_until=best.grace_until if access else None,
        since=min((view.since for view in views if view.since is not None), default=None),
        needs_review=any(view.needs_review for view in views),
        recompute_at=min((moment for moment in _moments(facts) if moment > now), default=None),
    )


def _rank(view: LicenceView) -> tuple[bool, int, dt.datetime, int, int]:
    no_end = FOREVER if view.has_access else dt.datetime.min.replace(tzinfo=dt.UTC)
    plan = view.plan
    return (
        view.has_access,
        plan.rank if plan else -1,
        view.access_until or no_end,
        _TELLING.get(view.state, 5),
        plan.id if plan else -1,
    )


def _grant_view(grant: GrantFact, now: dt.datetime) -> LicenceView:
    access = now < grant.over_at
    until = None if grant.over_at == FOREVER else grant.over_at
    return LicenceView(
        state=ACTIVE if access else EXPIRED,
        plan=grant.plan,
        has_access=access,
        access_until=until,
        grace_until=until,
        since=grant.starts_at if grant.over_at > grant.starts_at else None,
    )


def _subscription_view(facts: SubscriptionFacts, now: dt.datetime) -> LicenceView:
    line = _Timeline(facts, now, tuple(settle(payment) for payment in facts.payments))
    plan, period = _plan_at(line)
    since = line.paid[0].approved_at if line.paid else None
    if _is_blocked(line):
        return LicenceView(state=BLOCKED, plan=plan, period=period, since=since, needs_review=True)
    cancellation = _cancellation_in_force(line)
    until = _paid_through(line)
    if until is not None and cancellation is not None and cancellation.last_access_at is not None:
        until = min(until, cancellation.last_access_at)
    grace_until = until and until + (facts.cancelled_grace if cancellation else facts.grace)
    state = _state(line, until=until, grace_until=grace_until, cancelled=cancellation is not None)
    return LicenceView(
        state=state,
        plan=plan,
        period=period,
        has_access=state in (ACTIVE, TRIALING, CANCELING, DISPUTED, PAST_DUE),
        access_until=until,
        grace_until=grace_until,
        since=since,
    )


def _state(line: _Timeline, *, until: dt.datetime | None, grace_until: dt.datetime | None, cancelled: bool) -> str:
    if until is not None and line.now < until:
        if cancelled:
            return CANCELING
        if any(p.is_disputed and line.now < (p.ends_at or FOREVER) for p in line.paid):
            return DISPUTED
        return TRIALING if line.paid[-1].price_cents == 0 else ACTIVE
    if grace_until is not None and line.now < grace_until:
        return PAST_DUE
    if line.approved and line.approved[-1].is_reversed:
        return REFUNDED
    if line.paid:
        return EXPIRED
    return PENDING if line.payments else NONE


def _is_blocked(line: _Timeline) -> bool:
    chargebacks = [p.charged_back_at for p in line.payments if p.charged_back_at is not None]
    lifted = [at for at in line.facts.blocks_lifted_at if at <= line.now]
    return bool(chargebacks) and (not lifted or max(lifted) < max(chargebacks))


def _cancellation_in_force(line: _Timeline) -> CancellationFact | None:
    known = [c for c in line.facts.cancellations if c.cancelled_at <= line.now]
    newest = max(known, key=lambda c: (c.cancelled_at, c.last_access_at or FOREVER), default=None)
    if newest is None or any(_must(p.approved_at) > newest.cancelled_at for p in line.approved):
        return None  # money after the cancellation: bought again
    return newest


def _paid_through(line: _Timeline) -> dt.datetime | None:
    """The end of everything paid by now, with what switches take away and moved charge days add."""
    periods = [(_must(p.approved_at), _switched_end(line, p)) for p in line.paid]
    ends = [end for _, end in periods]
    for moved in line.facts.charge_dates:
        inside = [end for start, end in periods if start <= moved.created_at < end and moved.created_at <= line.now]
        ends += [min(moved.next_charge_at, max(inside) + _CHARGE_DATE_PUSH)] if inside else []
    return max(ends, default=None)


def _switched_end(line: _Timeline, payment: Settled) -> dt.datetime:
    ends = [
        switch.next_charge_at
        for switch in line.facts.switches
        if switch.next_charge_at and _must(payment.approved_at) < switch.switched_at <= line.now
    ]
    return min([_must(payment.ends_at), *ends])


def _plan_at(line: _Timeline) -> tuple[PlanRef | None, str]:
    """The plan of the latest payment or switch; of a subscription all of whose money went back, that of the latest payment."""
    payments = line.paid or line.approved
    entries: list[tuple[dt.datetime, int, PlanRef, str]] = [
        (_must(p.approved_at), 1, p.plan, p.period) for p in payments if p.plan is not None
    ]
    if payments:
        entries += [(s.switched_at, 0, s.plan, s.period) for s in line.facts.switches if s.switched_at <= line.now]
    if not entries:
        return None, ""
    _, _, plan, period = max(entries, key=lambda entry: (entry[0], entry[1], entry[2].rank, entry[2].id))
    return plan, period


def _moments(facts: Facts) -> Iterable[dt.datetime]:
    """Every moment at which time alone may change the projection (more than needed does no harm)."""
    for grant in facts.grants:
        yield from (at for at in (grant.starts_at, grant.ends_at, grant.withdrawn_at) if at is not None)
    for subscription in facts.subscriptions:
        yield from _moments_of(subscription)


def _moments_of(facts: SubscriptionFacts) -> Iterable[dt.datetime]:
    grace = {facts.grace, facts.cancelled_grace, dt.timedelta()}
    for payment in map(settle, facts.payments):
        if payment.approved_at is not None:
            yield payment.approved_at
        if payment.ends_at is not None:
            yield from (payment.ends_at + days for days in grace)
            if facts.charge_dates:
                yield from (payment.ends_at + _CHARGE_DATE_PUSH + days for days in grace)
    for cancellation in facts.cancellations:
        yield cancellation.cancelled_at
        if cancellation.last_access_at is not None:
            yield from (cancellation.last_access_at + days for days in grace)
    for switch in facts.switches:
        yield switch.switched_at
        if switch.next_charge_at is not None:
            yield from (switch.next_charge_at + days for days in grace)
            if facts.charge_dates:
                yield from (switch.next_charge_at + _CHARGE_DATE_PUSH + days for days in grace)
    for moved in facts.charge_dates:
        yield moved.created_at
        yield from (moved.next_charge_at + days for days in grace)
    yield from facts.blocks_lifted_at


def _must(moment: dt.datetime | None) -> dt.datetime:
    """A time that the filters before have made sure of."""
    if moment is None:
        raise ValueError("a judged payment without its time")
    return moment
