from __future__ import annotations

import datetime as dt

import pytest
from pytest_django import DjangoAssertNumQueries

from billing import texts
from billing.models import SendAllowance
from billing.selectors import entitlement_for, find_account, plan_page
from billing.services import licence, plans
from tests.billing.factories import load_example_catalogue, make_account, payload, receive

pytestmark = pytest.mark.django_db

BUYER = "compradora.ficticia@example.com"
DAY = dt.timedelta(days=1)
PAID_UNTIL = dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC)


def test_an_account_without_anything_has_zeros(now: dt.datetime) -> None:
    right = entitlement_for(make_account(), now)
    assert (right.state, right.access, right.plan, right.daily_limit, right.extraction_quota) == (
        "none",
        False,
        None,
        0,
        0,
    )


def test_an_entitlement_holds_the_plans_numbers_and_todays_use(now: dt.datetime) -> None:
    account = make_account()
    plans.change_plan(account=account, plan="pro", until=None, reason="a", by=None, now=now)
    SendAllowance.objects.filter(account=account).update(used_on=now.date(), used_count=7)
    right = entitlement_for(account, now)
    assert (right.numbers, right.daily_limit, right.used_today, right.left_today, right.extraction_quota) == (
        2,
        60,
        7,
        53,
        2000,
    )
    tomorrow = entitlement_for(account, now + DAY)
    assert (tomorrow.used_today, tomorrow.left_today) == (0, 60)


def test_an_entitlement_is_right_before_the_clock_has_come_by(now: dt.datetime) -> None:
    account = make_account()
    plans.change_plan(account=account, plan="scale", until=now + DAY, reason="a", by=None, now=now)
    plans.change_plan(account=account, plan="starter", until=now + 2 * DAY, reason="b", by=None, now=now)
    assert entitlement_for(account, now).numbers == 4
    assert entitlement_for(account, now + DAY).daily_limit == 30
    assert entitlement_for(account, now + 2 * DAY).access is False


def test_the_page_of_a_subscriber_shows_renewal_plans_and_payments(
    now: dt.datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    load_example_catalogue(now=now)
    receive(payload("PURCHASE_APPROVED"), now=now)
    receive(payload("PURCHASE_EXPIRED", data__buyer__email=BUYER), now=now)
    account = find_account(BUYER)
    assert account is not None
    with django_assert_max_num_queries(12):
        page = plan_page(account, now)
    assert (page.renews_at, page.is_granted, page.chooses_daily) == (PAID_UNTIL, False, False)
    assert [(option.plan.slug, option.is_current, option.is_upgrade) for option in page.options] == [
        ("starter", False, False),
        ("pro", True, False),
        ("scale", False, True),
        ("infinite", False, True),
    ]
    assert [line.outcome for line in page.payments] == ["unpaid", "paid"]
    assert page.payments[1].price_cents == 19700


def test_the_page_of_a_grant_says_so_and_lets_infinite_choose(now: dt.datetime) -> None:
    account = make_account()
    plans.change_plan(account=account, plan="infinite", until=None, reason="a", by=None, now=now)
    licence.choose_daily(account=account, daily=20, now=now)
    page = plan_page(account, now)
    assert (page.renews_at, page.is_granted, page.chooses_daily) == (None, True, True)
    assert page.entitlement.daily_limit == 400
    teste = make_account()
    plans.change_plan(account=teste, plan="teste", until=None, reason="a", by=None, now=now)
    assert plan_page(teste, now).options[0].plan.slug == "teste"


def test_every_state_has_words_with_dates_of_the_accounts_zone(now: dt.datetime) -> None:
    account = make_account()
    right = entitlement_for(account, now)
    assert "plano" in texts.licence_sentence(right, account.time_zone)
    midnight = dt.datetime(2026, 11, 6, 2, tzinfo=dt.UTC)  # still the 5th in São Paulo
    plans.change_plan(account=account, plan="pro", until=midnight, reason="a", by=None, now=now)
    sentence = texts.licence_sentence(entitlement_for(account, now), "America/Sao_Paulo")
    assert "05/11/2026" in sentence
    assert "05/11/2026" in texts.licence_sentence(entitlement_for(account, midnight), "America/Sao_Paulo")
