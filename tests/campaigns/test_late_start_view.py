"""A campaign that missed its hour says so wherever its owner looks, and starts when they confirm."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from campaigns.models import Campaign
from campaigns.services import lifecycle
from tests.campaigns.rows import give_allowance, make_campaign, make_connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def late(ana: Membership) -> Campaign:
    give_allowance(ana.account)
    times = {"starts_at": timezone.now() - dt.timedelta(hours=3), "started_at": None, "audience_ready_at": None}
    campaign = make_campaign(ana.account, make_connection(ana.account), status="scheduled", name="Natal", **times)
    lifecycle.start_due(now=timezone.now())
    return campaign


@pytest.mark.parametrize("path", ["/campaigns/{}/", "/campaigns/", "/dashboard/"])
def test_every_page_that_shows_it_says_why_it_waits(ana_browser: Client, late: Campaign, path: str) -> None:
    page = ana_browser.get(path.format(late.pk)).content.decode()
    said = "Natal passou da hora marcada e espera por você" if "dash" in path else "estava fora do ar na hora marcada"
    assert said in page


def test_its_page_asks_before_it_starts_and_then_it_runs(ana_browser: Client, late: Campaign) -> None:
    page = ana_browser.get(f"/campaigns/{late.pk}/").content.decode()
    assert "Começar agora?" in page

    answer = ana_browser.post(f"/campaigns/{late.pk}/resume/", follow=True).content.decode()

    late.refresh_from_db()
    assert late.status == "running"
    assert "Campanha iniciada" in answer
