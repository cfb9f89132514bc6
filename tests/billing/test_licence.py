from __future__ import annotations

import datetime as dt

import pytest

from billing import errors
from billing.domain import projection
from billing.models import Grant, Licence, Plan, SendAllowance
from billing.selectors.facts import facts_of_account
from billing.services import allowance, licence, plans
from tests.billing.factories import make_account

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


def test_an_account_without_facts_has_no_licence_and_may_not_send(now: dt.datetime) -> None:
    account = make_account()
    assert licence.recompute(account=account, now=now).state == "none"
    row = SendAllowance.objects.get(account=account)
    assert (row.send_until, row.numbers, row.daily_limit) == (None, 0, 0)


def test_a_grant_opens_the_plan_until_its_end(now: dt.datetime) -> None:
    account = make_account()
    plans.change_plan(account=account, plan="pro", until=now + 30 * DAY, reason="cortesia", by=None, now=now)
    row = SendAllowance.objects.get(account=account)
    assert (row.numbers, row.daily_per_number, row.daily_limit) == (2, 30, 60)
    assert row.send_until == now + 30 * DAY
    right = Licence.objects.get(account=account)
    assert (right.state, right.access_until, right.first_access_at) == ("active", now + 30 * DAY, now)


def test_teste_lasts_its_own_days(now: dt.datetime) -> None:
    account = make_account()
    grant = plans.change_plan(account=account, plan="teste", until=None, reason="teste", by=None, now=now)
    assert grant.ends_at == now + 7 * DAY


def test_a_grant_without_end_lasts_until_withdrawn(now: dt.datetime) -> None:
    account = make_account()
    grant = plans.change_plan(account=account, plan="scale", until=None, reason="parceria", by=None, now=now)
    open_end = SendAllowance.objects.get(account=account).send_until
    assert open_end is not None
    assert open_end > now + 365 * DAY
    plans.withdraw_grant(grant=grant, now=now + DAY)
    assert Licence.objects.get(account=account).state == "expired"
    assert SendAllowance.objects.get(account=account).send_until is None
    with pytest.raises(errors.GrantWithdrawn):
        plans.withdraw_grant(grant=grant, now=now + DAY)


def test_the_best_grant_counts_and_the_next_best_takes_over(now: dt.datetime) -> None:
    account = make_account()
    plans.change_plan(account=account, plan="scale", until=now + 10 * DAY, reason="a", by=None, now=now)
    plans.change_plan(account=account, plan="starter", until=now + 20 * DAY, reason="b", by=None, now=now)
    assert SendAllowance.objects.get(account=account).numbers == 4
    assert licence.run_clock(now=now + 10 * DAY) == 1
    assert SendAllowance.objects.get(account=account).numbers == 1
    assert Licence.objects.get(account=account).state == "active"


def test_the_clock_leaves_licences_alone_whose_time_has_not_come(now: dt.datetime) -> None:
    account = make_account()
    plans.change_plan(account=account, plan="pro", until=now + 10 * DAY, reason="a", by=None, now=now)
    assert licence.run_clock(now=now + 9 * DAY) == 0
    assert licence.run_clock(now=now + 10 * DAY) == 1
    assert licence.run_clock(now=now + 10 * DAY) == 0
    assert Licence.objects.get(account=account).state == "expired"


def test_a_revocation_beats_everything_until_it_is_withdrawn(now: dt.datetime) -> None:
    account = make_account()
    plans.change_plan(account=account, plan="pro", until=None, reason="a", by=None, now=now)
    revocation = plans.revoke(account=account, reason="fraude", by=None, now=now)
    assert Licence.objects.get(account=account).state == "blocked"
    assert SendAllowance.objects.get(account=account).send_until is None
    assert plans.revoke(account=account, reason="de novo", by=None, now=now) == revocation
    plans.withdraw_revocation(revocation=revocation, now=now)
    assert Licence.objects.get(account=account).state == "active"


def test_the_customer_chooses_messages_per_day_only_where_the_plan_offers_it(now: dt.datetime) -> None:
    account = make_account()
    with pytest.raises(errors.DailyNotOffered):
        licence.choose_daily(account=account, daily=40, now=now)
    plans.change_plan(account=account, plan="infinite", until=None, reason="a", by=None, now=now)
    licence.choose_daily(account=account, daily=50, now=now)
    row = SendAllowance.objects.get(account=account)
    assert (row.daily_per_number, row.daily_limit) == (50, 1000)
    for daily in (9, 51):
        with pytest.raises(errors.DailyOutOfRange):
            licence.choose_daily(account=account, daily=daily, now=now)


def test_a_choice_outside_the_range_of_a_later_version_is_brought_inside(now: dt.datetime) -> None:
    plan = Plan.objects.get(slug="infinite")
    assert plan.daily_for(500) == 50
    assert plan.daily_for(1) == 10
    assert Plan.objects.get(slug="pro").daily_for(50) == 30


def test_listeners_hear_only_of_changes_that_a_claim_reads(now: dt.datetime) -> None:
    heard: list[int] = []

    def listener(*, account_id: int, now: dt.datetime) -> None:
        heard.append(SendAllowance.objects.get(account_id=account_id).numbers)  # called last: the row is written

    allowance.register(listener)
    try:
        account = make_account()
        licence.recompute(account=account, now=now)
        assert heard == []
        plans.change_plan(account=account, plan="pro", until=None, reason="a", by=None, now=now)
        licence.recompute(account=account, now=now + DAY)
        assert heard == [2]
        allowance.halt(account=account, reason="abuse", now=now)
        allowance.halt(account=account, reason="abuse", now=now)
        allowance.lift_halt(account=account, now=now)
        assert heard == [2, 2, 2]
    finally:
        allowance.unregister(listener)


def test_the_first_day_of_access_never_moves(now: dt.datetime) -> None:
    account = make_account()
    grant = plans.change_plan(account=account, plan="pro", until=None, reason="a", by=None, now=now)
    plans.withdraw_grant(grant=grant, now=now + DAY)
    plans.change_plan(account=account, plan="pro", until=None, reason="b", by=None, now=now + 5 * DAY)
    assert Licence.objects.get(account=account).first_access_at == now


def test_an_edited_plan_is_a_new_version_and_grants_keep_theirs(now: dt.datetime) -> None:
    account = make_account()
    plans.change_plan(account=account, plan="pro", until=None, reason="a", by=None, now=now)
    limits = plans.PlanLimits(
        numbers=3, daily_per_number=40, daily_min=40, daily_max=40, extraction_quota=3000, days=None
    )
    second = plans.edit_plan(slug="pro", limits=limits, now=now)
    assert (second.version, second.is_current) == (2, True)
    assert plans.edit_plan(slug="pro", limits=limits, now=now) == second
    assert Grant.objects.get(account=account).plan.version == 1
    assert licence.recompute(account=account, now=now).plan == Plan.objects.get(slug="pro", version=1)
    assert plans.current_plan("pro") == second


def test_contradictory_limits_an_unknown_plan_and_an_empty_reason_are_refused(now: dt.datetime) -> None:
    with pytest.raises(errors.PlanLimitsInvalid):
        plans.edit_plan(
            slug="pro",
            limits=plans.PlanLimits(numbers=1, daily_per_number=5, daily_min=10, daily_max=20, extraction_quota=1),
            now=now,
        )
    with pytest.raises(errors.PlanUnknown):
        plans.change_plan(account=make_account(), plan="ouro", until=None, reason="a", by=None, now=now)
    with pytest.raises(errors.ReasonMissing):
        plans.change_plan(account=make_account(), plan="pro", until=None, reason="  ", by=None, now=now)
    with pytest.raises(errors.GrantEndsBeforeStart):
        plans.change_plan(account=make_account(), plan="pro", until=now, reason="a", by=None, now=now)


def test_an_account_whose_projection_raises_stops_nobodys_clock(
    now: dt.datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = make_account(), make_account()
    for account in (bad, good):
        plans.change_plan(account=account, plan="pro", until=now + DAY, reason="a", by=None, now=now)

    def broken(account_id: int) -> projection.Facts:
        if account_id == bad.pk:
            raise ValueError
        return facts_of_account(account_id)

    monkeypatch.setattr(licence, "facts_of_account", broken)
    assert licence.run_clock(now=now + DAY) == 2
    assert Licence.objects.get(account=good).state == "expired"
    assert Licence.objects.get(account=bad).recompute_at == now + DAY + licence.CLOCK_RETRY
    assert "billing.clock_failed" in caplog.messages
