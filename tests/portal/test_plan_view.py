from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from billing.models import Plan, SendAllowance
from billing.services import plans
from tests.campaigns.rows import make_connection


@pytest.fixture(autouse=True)
def _plans(db: None) -> None:
    assert Plan.objects.filter(is_current=True).count() == 5


def give(member: Membership, plan: str) -> None:
    plans.change_plan(account=member.account, plan=plan, until=None, reason="teste", by=None, now=timezone.now())


def test_it_says_the_plan_the_limits_and_the_use(ana_browser: Client, ana: Membership) -> None:
    give(ana, "pro")
    make_connection(ana.account)

    page = ana_browser.get("/plan").content.decode()

    for text in ("Pro", "Tudo certo com seu plano.", "0 de 60", "1 de 2", "2.000 a cada 30 dias", "seu plano"):
        assert text in page


def test_an_account_without_a_plan_is_told_what_stays(ana_browser: Client) -> None:
    page = ana_browser.get("/plan/").content.decode()

    assert "Você ainda não tem um plano." in page
    assert "Starter" in page
    assert "Teste" not in page


def test_the_owner_chooses_the_daily_messages_where_the_plan_offers_it(ana_browser: Client, ana: Membership) -> None:
    give(ana, "infinite")

    done = ana_browser.post("/plan/daily/", {"daily": "40"}, follow=True).content.decode()
    refused = ana_browser.post("/plan/daily/", {"daily": "90"}, follow=True).content.decode()

    assert "Limite por número atualizado." in done
    assert "Escolha entre 10 e 50" in refused
    assert SendAllowance.objects.get(account=ana.account).daily_per_number == 40


def test_a_plan_without_a_choice_offers_none(ana_browser: Client, ana: Membership) -> None:
    give(ana, "pro")

    assert "/plan/daily/" not in ana_browser.get("/plan/").content.decode()
    assert "limite fixo" in ana_browser.post("/plan/daily/", {"daily": "20"}, follow=True).content.decode()


def test_only_the_owner_chooses(beto_browser: Client, ana: Membership) -> None:
    give(ana, "infinite")

    assert beto_browser.get("/plan/").status_code == 200
    assert "/plan/daily/" not in beto_browser.get("/plan/").content.decode()
    assert beto_browser.post("/plan/daily/", {"daily": "20"}).status_code == 403
