from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from billing.models import Licence
from campaigns.models import Connection, UsageDay
from leads_infinitos.kernel.clock import local_day
from tests.campaigns.rows import give_allowance, make_campaign, make_connection, make_list, make_messages, settle

HTMX = {"HX-Request": "true"}
WIDGETS = (
    "Leads Extraídos",
    "Mensagens Enviadas",
    "Taxa de Sucesso",
    "Campanhas Ativas",
    "Negócios Fechados",
    "Taxa de Conversão Geral",
)


@pytest.fixture
def today(ana: Membership) -> dt.date:
    return local_day(timezone.now(), ana.account.time_zone)


@pytest.fixture(autouse=True)
def _right(ana: Membership) -> None:
    give_allowance(ana.account)
    Licence.objects.update_or_create(account=ana.account, defaults={"state": "active"})


def test_the_root_leads_there(ana_browser: Client) -> None:
    assert ana_browser.get("/")["Location"] == "/dashboard/"


def test_a_new_account_sees_six_widgets_dashes_and_first_steps(ana_browser: Client) -> None:
    page = ana_browser.get("/dashboard").content.decode()

    assert all(widget in page for widget in WIDGETS)
    assert page.count('<span class="tile-value">—') == 2
    assert "Primeiros passos" in page


def test_the_first_steps_go_once_all_are_done(ana_browser: Client, ana: Membership) -> None:
    make_list(ana.account, leads=1)
    make_campaign(ana.account, make_connection(ana.account), closed_deals=1)

    assert "Primeiros passos" not in ana_browser.get("/dashboard/").content.decode()


def test_the_widgets_show_the_period(ana_browser: Client, ana: Membership, today: dt.date) -> None:
    make_list(ana.account, leads=4)
    make_campaign(ana.account, closed_deals=5)
    UsageDay.objects.create(account=ana.account, day=today, campaign_ref=1, sent=40, failed=10)
    UsageDay.objects.create(account=ana.account, day=today - dt.timedelta(days=3), campaign_ref=1, sent=60)

    hoje = ana_browser.get("/dashboard/?period=today").content.decode()
    semana = ana_browser.get("/dashboard/?period=7d").content.decode()

    assert ">40</a>" in hoje
    assert "80,0%" in hoje
    assert ">100</a>" in semana
    assert "5,0%" in semana
    assert 'class="chart"' in semana


@pytest.mark.parametrize("query", ["period=never", "period=custom", "period=custom&from=2026-02-01&to=2026-01-01"])
def test_a_period_that_makes_no_sense_is_said_and_replaced(ana_browser: Client, query: str) -> None:
    answer = ana_browser.get(f"/dashboard/?{query}")

    assert answer.status_code == 200
    assert "Este período não existe" in answer.content.decode()


def test_it_refreshes_itself_in_part(ana_browser: Client) -> None:
    part = ana_browser.get("/dashboard/?period=7d", headers=HTMX).content.decode()

    assert "<html" not in part
    assert 'hx-trigger="every 30s"' in part
    assert "/dashboard/?period=7d" in part


def test_what_waits_for_a_person_has_its_link(ana_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection, name="Natal")
    settle(campaign, make_messages(campaign, connection, 3)[:2], "unconfirmed")
    Connection.objects.update(state="disconnected")

    page = ana_browser.get("/dashboard/").content.decode()

    assert "2 mensagens incertas em Natal" in page
    assert f"{connection.name} está desconectado e tem mensagens na fila" in page
    assert "Aguardando conexão" in page


def test_a_viewer_reads_and_is_offered_nothing_to_write(beto_browser: Client) -> None:
    page = beto_browser.get("/dashboard/").content.decode()

    assert "Taxa de Sucesso" in page
    assert "Nova Campanha" not in page


def test_another_account_sees_its_own(caio_browser: Client, ana: Membership, today: dt.date) -> None:
    make_campaign(ana.account, name="Segredo da Ana")
    UsageDay.objects.create(account=ana.account, day=today, campaign_ref=1, sent=4321)

    page = caio_browser.get("/dashboard/").content.decode()

    assert "Segredo da Ana" not in page
    assert "4.321" not in page


def test_it_costs_the_same_whatever_there_is(
    ana_browser: Client, ana: Membership, today: dt.date, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        connection = make_connection(ana.account)
        make_messages(make_campaign(ana.account, connection), connection, 2)
        UsageDay.objects.create(account=ana.account, day=today, campaign_ref=number, sent=1)

    with django_assert_max_num_queries(30):
        ana_browser.get("/dashboard/")
