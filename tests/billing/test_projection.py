from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing.domain.payments import PaymentFact, PlanRef, StatusFact, add_period, settle
from billing.domain.projection import (
    CancellationFact,
    ChargeDateFact,
    Facts,
    GrantFact,
    LicenceView,
    SubscriptionFacts,
    SwitchFact,
    project,
)

T0 = dt.datetime(2026, 10, 5, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
T = TypeVar("T")
STARTER, PRO, SCALE = PlanRef(1, 1), PlanRef(2, 2), PlanRef(3, 3)


def at(days: float) -> dt.datetime:
    return T0 + days * DAY


def payment(
    start: float = 0,
    end: float | None = 30,
    *statuses: str,
    transaction: str = "HP1",
    plan: PlanRef | None = PRO,
    price: int = 19700,
) -> PaymentFact:
    """A payment approved on day `start`, paid until day `end`; each status a minute after the one before."""
    facts = tuple(
        StatusFact(
            status,
            at(start) + number * dt.timedelta(minutes=1),
            approved_at=None if status in ("DELAYED", "EXPIRED", "CANCELED", "BILLET_PRINTED") else at(start),
            next_charge_at=None if end is None else at(end),
            price_cents=price,
        )
        for number, status in enumerate(statuses or ("APPROVED",))
    )
    return PaymentFact(transaction, facts, plan, "monthly")


def subscription(*payments: PaymentFact, code: str = "S1") -> SubscriptionFacts:
    return SubscriptionFacts(code, payments)


def look(days: float, *subscriptions: SubscriptionFacts, grants: tuple[GrantFact, ...] = ()) -> LicenceView:
    return project(Facts(subscriptions, grants), now=at(days))


def test_nothing_known_is_no_licence() -> None:
    assert look(0) == LicenceView()


@pytest.mark.parametrize(
    ("days", "state", "access"),
    [
        (-1, "pending", False),
        (0, "active", True),
        (29.99, "active", True),
        (30, "past_due", True),
        (35, "expired", False),
    ],
)
def test_one_payment_through_time(days: float, state: str, access: bool) -> None:
    view = look(days, subscription(payment()))
    assert (view.state, view.has_access) == (state, access)


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (("BILLET_PRINTED",), "pending"),
        (("CANCELED",), "pending"),
        (("EXPIRED",), "pending"),
        (("DELAYED",), "pending"),
        (("DISPUTE",), "pending"),
        (("EXPIRED", "APPROVED"), "active"),
        (("APPROVED", "CANCELED"), "active"),
        (("COMPLETED",), "active"),
        (("APPROVED", "DISPUTE"), "disputed"),
        (("APPROVED", "DISPUTE", "COMPLETED"), "active"),
        (("APPROVED", "REFUNDED"), "refunded"),
        (("REFUNDED",), "refunded"),
        (("APPROVED", "PARTIALLY_REFUNDED"), "active"),
        (("APPROVED", "CHARGEBACK"), "blocked"),
        (("CHARGEBACK", "APPROVED"), "blocked"),
    ],
)
def test_the_statuses_of_one_payment(statuses: tuple[str, ...], state: str) -> None:
    assert look(10, subscription(payment(0, 30, *statuses))).state == state


def test_a_trial_is_a_newest_payment_of_price_zero_and_an_unknown_price_is_none() -> None:
    trial = payment(0, 7, price=0)
    assert look(3, subscription(trial)).state == "trialing"
    assert look(8, subscription(trial)).state == "past_due"
    paid = payment(7, 37, transaction="HP2")
    assert look(8, subscription(paid, trial)).state == "active"
    unknown = PaymentFact("HP3", (StatusFact("APPROVED", T0, T0, at(30)),), PRO)
    assert look(3, subscription(unknown)).state == "active"


def test_a_failed_renewal_brings_no_end_of_its_own() -> None:
    late = payment(30, 60, "DELAYED", transaction="HP2")
    assert look(31, subscription(payment(), late)).access_until == at(30)


def test_the_refund_of_an_old_period_leaves_the_new_one() -> None:
    old, new = payment(0, 30, "APPROVED", "REFUNDED"), payment(30, 60, transaction="HP2")
    assert look(40, subscription(old, new)).state == "active"


def test_the_refund_of_the_covering_period_falls_back_to_the_next_best_subscription() -> None:
    refunded = subscription(payment(0, 30, "APPROVED", "REFUNDED", plan=SCALE))
    other = subscription(payment(0, 30, transaction="HP2", plan=STARTER), code="S2")
    view = look(10, refunded, other)
    assert (view.state, view.plan) == ("active", STARTER)


def test_a_block_stops_its_subscription_only_and_asks_for_review() -> None:
    blocked = subscription(payment(0, 30, "CHARGEBACK", plan=SCALE))
    other = subscription(payment(0, 30, transaction="HP2"), code="S2")
    view = look(10, blocked, other)
    assert (view.state, view.plan, view.needs_review) == ("active", PRO, True)


def test_a_lifted_block_covers_the_chargebacks_before_it() -> None:
    facts = subscription(payment(0, 30, "APPROVED", "CHARGEBACK"), payment(1, 31, transaction="HP2"))
    assert look(10, replace(facts, blocks_lifted_at=(at(5),))).state == "active"
    assert look(10, replace(facts, blocks_lifted_at=(at(-1),))).state == "blocked"


def test_the_best_has_access_then_tier_then_the_later_end() -> None:
    gone = subscription(payment(-60, -30, plan=SCALE))
    low = subscription(payment(0, 60, transaction="HP2", plan=STARTER), code="S2")
    high = subscription(payment(0, 20, transaction="HP3", plan=PRO), code="S3")
    longer = subscription(payment(0, 25, transaction="HP4", plan=PRO), code="S4")
    assert look(10, gone, low).plan == STARTER
    assert look(10, gone, low, high, longer).access_until == at(25)


def test_a_grant_has_no_grace_and_a_withdrawal_ends_it() -> None:
    grant = GrantFact(PRO, at(0), at(10))
    assert look(-1, grants=(grant,)).state == "none"
    assert look(9, grants=(grant,)).state == "active"
    assert look(10, grants=(grant,)).state == "expired"
    assert look(5, grants=(replace(grant, withdrawn_at=at(5)),)).state == "expired"
    assert look(5, grants=(replace(grant, ends_at=None),)).access_until is None


def test_a_revocation_beats_everything() -> None:
    view = project(Facts((subscription(payment()),), (GrantFact(PRO, at(0)),), is_revoked=True), now=at(1))
    assert (view.state, view.has_access, view.grace_until) == ("blocked", False, None)


@pytest.mark.parametrize(
    ("days", "last_access", "state", "until"),
    [
        (10, 30, "canceling", 30),
        (31, 30, "expired", 30),  # no grace after a cancellation
        (10, 395, "canceling", 30),  # its far date never extends what was paid
        (10, 8, "expired", 8),
    ],
)
def test_a_cancellation_ends_access_at_the_earlier_date(
    days: float, last_access: float, state: str, until: float
) -> None:
    facts = replace(subscription(payment()), cancellations=(CancellationFact(at(7), at(last_access)),))
    view = look(days, facts)
    assert (view.state, view.access_until) == (state, at(until))


def test_money_after_a_cancellation_revives_the_subscription() -> None:
    facts = replace(
        subscription(payment(), payment(8, 38, transaction="HP2")), cancellations=(CancellationFact(at(7), at(7)),)
    )
    assert look(10, facts).state == "active"


def test_a_switch_changes_the_tier_without_extending_access() -> None:
    facts = replace(subscription(payment()), switches=(SwitchFact(at(5), SCALE, "annual", at(20)),))
    assert look(4, facts).plan == PRO
    assert (look(6, facts).plan, look(6, facts).period, look(6, facts).access_until) == (SCALE, "annual", at(20))
    alone = replace(subscription(payment(0, 30, "EXPIRED")), switches=facts.switches)
    assert look(6, alone).state == "pending"


def test_a_moved_charge_day_pushes_the_end_by_31_days_at_most_and_never_back() -> None:
    facts = subscription(payment())
    assert look(1, replace(facts, charge_dates=(ChargeDateFact(at(1), at(36)),))).access_until == at(36)
    assert look(1, replace(facts, charge_dates=(ChargeDateFact(at(1), at(300)),))).access_until == at(61)
    assert look(1, replace(facts, charge_dates=(ChargeDateFact(at(1), at(20)),))).access_until == at(30)
    assert look(40, replace(facts, charge_dates=(ChargeDateFact(at(39), at(60)),))).state == "expired"


def test_a_period_without_a_date_is_the_catalogues() -> None:
    leap = dt.datetime(2028, 2, 29, tzinfo=dt.UTC)
    assert add_period(leap, "annual") == dt.datetime(2029, 2, 28, tzinfo=dt.UTC)
    assert add_period(dt.datetime(2026, 12, 31, tzinfo=dt.UTC), "monthly") == dt.datetime(2027, 1, 31, tzinfo=dt.UTC)
    assert settle(payment(0, None)).ends_at == add_period(T0, "monthly")


@pytest.mark.parametrize("order", [1, -1])
def test_the_approval_is_believed_before_the_completion_and_both_before_others(order: int) -> None:
    facts = (
        StatusFact("REFUNDED", at(9), at(3), at(90), 3),
        StatusFact("COMPLETED", at(8), at(2), at(60), 2),
        StatusFact("APPROVED", at(1), at(1), at(30), 1),
    )
    judged = settle(PaymentFact("HP1", facts[::order]))
    assert (judged.approved_at, judged.ends_at, judged.price_cents) == (at(1), at(30), 1)
    without_approval = settle(PaymentFact("HP1", facts[:2][::order]))
    assert (without_approval.approved_at, without_approval.ends_at) == (at(2), at(60))


# Properties

STATUSES = st.sampled_from(
    [
        "APPROVED",
        "COMPLETED",
        "DISPUTE",
        "REFUNDED",
        "CHARGEBACK",
        "DELAYED",
        "EXPIRED",
        "CANCELED",
        "PARTIALLY_REFUNDED",
    ]
)
MOMENTS = st.integers(-40, 80).map(lambda days: at(days))
PLANS = st.sampled_from([STARTER, PRO, SCALE])


@st.composite
def payments_strategy(draw: st.DrawFn, transaction: str) -> PaymentFact:
    words = draw(st.lists(STATUSES, min_size=1, max_size=4, unique=True))
    approved = draw(MOMENTS)
    statuses = tuple(
        StatusFact(
            word,
            draw(MOMENTS),
            draw(st.sampled_from([approved, None])),
            draw(st.none() | MOMENTS),
            draw(st.sampled_from([0, 19700, None])),
        )
        for word in words
    )
    return PaymentFact(transaction, statuses, draw(st.none() | PLANS), draw(st.sampled_from(["monthly", "annual"])))


@st.composite
def subscriptions_strategy(draw: st.DrawFn, code: str) -> SubscriptionFacts:
    count = draw(st.integers(0, 3))
    return SubscriptionFacts(
        code=code,
        payments=tuple(draw(payments_strategy(f"{code}-{number}")) for number in range(count)),
        cancellations=tuple(
            draw(st.lists(st.builds(CancellationFact, MOMENTS, st.none() | MOMENTS), max_size=2, unique=True))
        ),
        switches=tuple(
            draw(
                st.lists(
                    st.builds(SwitchFact, MOMENTS, PLANS, st.just("monthly"), st.none() | MOMENTS),
                    max_size=2,
                    unique=True,
                )
            )
        ),
        charge_dates=tuple(draw(st.lists(st.builds(ChargeDateFact, MOMENTS, MOMENTS), max_size=2, unique=True))),
        blocks_lifted_at=tuple(draw(st.lists(MOMENTS, max_size=2))),
        cancelled_grace=draw(st.sampled_from([dt.timedelta(), 2 * DAY])),
    )


@st.composite
def facts_strategy(draw: st.DrawFn) -> Facts:
    grants = st.builds(GrantFact, PLANS, MOMENTS, st.none() | MOMENTS, st.none() | MOMENTS)
    return Facts(
        subscriptions=tuple(draw(subscriptions_strategy(code)) for code in "AB"[: draw(st.integers(0, 2))]),
        grants=tuple(draw(st.lists(grants, max_size=2))),
        is_revoked=draw(st.booleans()),
    )


def shuffled(facts: Facts, random: st.DataObject) -> Facts:
    def mix(values: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(random.draw(st.permutations(values)))

    return Facts(
        subscriptions=mix(
            tuple(
                replace(
                    one,
                    payments=mix(tuple(replace(paid, statuses=mix(paid.statuses)) for paid in one.payments)),
                    cancellations=mix(one.cancellations),
                    switches=mix(one.switches),
                    charge_dates=mix(one.charge_dates),
                    blocks_lifted_at=mix(one.blocks_lifted_at),
                )
                for one in facts.subscriptions
            )
        ),
        grants=mix(facts.grants),
        is_revoked=facts.is_revoked,
    )


@given(facts=facts_strategy(), now=MOMENTS, data=st.data())
@settings(max_examples=200, deadline=None)
def test_the_projection_does_not_depend_on_the_order_of_facts(
    facts: Facts, now: dt.datetime, data: st.DataObject
) -> None:
    assert project(shuffled(facts, data), now=now) == project(facts, now=now)


@given(facts=facts_strategy())
@example(facts=Facts((subscription(payment()),)))
@example(facts=Facts((replace(subscription(payment()), charge_dates=(ChargeDateFact(at(1), at(300)),)),)))
@settings(max_examples=60, deadline=None)
def test_nothing_changes_before_the_moment_that_the_projection_names(facts: Facts) -> None:
    facts_change_at_noon = range(-45, 130)  # every moment of the strategies is a whole number of days from T0
    for day in facts_change_at_noon:
        view, next_view = project(facts, now=at(day)), project(facts, now=at(day + 1))
        assert project(facts, now=at(day + 0.999)) == view
        if replace(next_view, recompute_at=view.recompute_at) != view:
            assert view.recompute_at == at(day + 1)


@given(facts=facts_strategy(), now=MOMENTS)
@settings(max_examples=200, deadline=None)
def test_access_has_a_plan_or_a_payment_and_ends_after_now(facts: Facts, now: dt.datetime) -> None:
    view = project(facts, now=now)
    assert view.has_access == (view.state in {"active", "trialing", "canceling", "disputed", "past_due"})
    if view.has_access:
        assert view.grace_until is None or view.grace_until > now
        assert view.since is not None
        assert view.since <= now
