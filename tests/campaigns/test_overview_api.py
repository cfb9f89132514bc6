from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from campaigns.models import UsageDay
from leads_infinitos.kernel.clock import local_day
from tests.campaigns.rows import make_campaign, make_list

pytestmark = pytest.mark.django_db
ADDRESS = "/api/dashboard/overview"


@pytest.fixture
def today(ana: Membership) -> dt.date:
    return local_day(timezone.now(), ana.account.time_zone)


def use(member: Membership, day: dt.date, *, campaign_ref: int = 1, **counts: int) -> None:
    UsageDay.objects.create(account=member.account, day=day, campaign_ref=campaign_ref, **counts)


def test_a_new_account_is_all_zeros_and_dashes(ana_browser: Client) -> None:
    figures = ana_browser.get(ADDRESS).json()

    assert [figures[name] for name in ("leads_extracted", "messages_sent", "active_campaigns")] == [0, 0, 0]
    assert [figures[name] for name in ("success_rate", "overall_conversion_rate")] == [None, None]


def test_campaigns_and_leads_never_multiply_each_other(ana_browser: Client, ana: Membership, today: dt.date) -> None:
    make_list(ana.account, leads=7)
    make_campaign(ana.account, closed_deals=2)
    make_campaign(ana.account, closed_deals=1, status="draft")
    use(ana, today, campaign_ref=1, sent=10, failed=1, invalid=1)
    use(ana, today, campaign_ref=2, sent=20, unconfirmed=9, skipped=9)

    figures = ana_browser.get(ADDRESS).json()

    assert figures == {
        "period": "all",
        "first_day": None,
        "last_day": None,
        "leads_extracted": 7,
        "messages_sent": 30,
        "success_rate": 93.8,
        "active_campaigns": 1,
        "total_campaigns": 2,
        "total_closed_deals": 3,
        "overall_conversion_rate": 10.0,
    }


def test_a_period_counts_its_own_days_only(ana_browser: Client, ana: Membership, today: dt.date) -> None:
    for age, sent in ((0, 1), (6, 2), (7, 4), (29, 8), (30, 16)):
        use(ana, today - dt.timedelta(days=age), sent=sent)

    by_period = {
        period: ana_browser.get(ADDRESS, {"period": period}).json()["messages_sent"]
        for period in ("today", "7d", "30d")
    }

    assert by_period == {"today": 1, "7d": 3, "30d": 15}
    first, last = today - dt.timedelta(days=30), today - dt.timedelta(days=7)
    custom = {"period": "custom", "from": first.isoformat(), "to": last.isoformat()}
    assert ana_browser.get(ADDRESS, custom).json()["messages_sent"] == 28


@pytest.mark.parametrize(
    "query", [{"period": "custom"}, {"period": "year"}, {"period": "custom", "from": "x", "to": "y"}]
)
def test_a_period_that_makes_no_sense_is_refused(ana_browser: Client, query: dict[str, str]) -> None:
    answer = ana_browser.get(ADDRESS, query)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_deals_of_a_campaign_that_ended_before_the_period_stay_out(ana_browser: Client, ana: Membership) -> None:
    long_ago = timezone.now() - dt.timedelta(days=90)
    make_campaign(
        ana.account, closed_deals=5, status="finished", finished_at=long_ago, last_sent_at=long_ago, created_at=long_ago
    )
    make_campaign(ana.account, closed_deals=1)

    assert ana_browser.get(ADDRESS, {"period": "30d"}).json()["total_closed_deals"] == 1
    assert ana_browser.get(ADDRESS).json()["total_closed_deals"] == 6


def test_another_account_sees_its_own_figures(caio_browser: Client, ana: Membership, today: dt.date) -> None:
    use(ana, today, sent=5)
    make_list(ana.account, leads=2)

    figures = caio_browser.get(ADDRESS).json()

    assert (figures["messages_sent"], figures["leads_extracted"]) == (0, 0)


def test_it_costs_the_same_whatever_there_is(
    ana_browser: Client, ana: Membership, today: dt.date, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        make_campaign(ana.account)
        use(ana, today, campaign_ref=number, sent=1)

    with django_assert_max_num_queries(8):
        ana_browser.get(ADDRESS)
