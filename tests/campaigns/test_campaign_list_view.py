from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from campaigns.models import Campaign
from tests.campaigns.rows import give_allowance, make_campaign, make_connection, make_messages, settle

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _right(ana: Membership) -> None:
    give_allowance(ana.account)


def test_nobody_sees_it_without_logging_in(client: Client) -> None:
    assert client.get("/campaigns/").status_code == 302


def test_an_account_without_campaigns_is_shown_the_first_step(ana_browser: Client) -> None:
    page = ana_browser.get("/campaigns").content.decode()

    assert "Minhas Campanhas" in page
    assert "Nova Campanha" in page
    assert "/leads/import/" in page


def test_a_row_holds_progress_rates_and_deals(ana_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection, name="Natal", closed_deals=3)
    rows = make_messages(campaign, connection, 10)
    settle(campaign, rows[:6], "sent")
    settle(campaign, rows[6:8], "failed", reason="bad_request")

    page = ana_browser.get("/campaigns/").content.decode()

    for text in ("<b>8</b> de 10", "75,0%", "50,0%", "Em andamento", "Pausar", ">3</output>"):
        assert text in page


def test_it_polls_only_while_something_runs(ana_browser: Client, ana: Membership) -> None:
    make_campaign(ana.account, status="paused")
    assert "every 5s" not in ana_browser.get("/campaigns/").content.decode()

    make_campaign(ana.account, make_connection(ana.account))

    assert "every 5s" in ana_browser.get("/campaigns/").content.decode()


def test_a_poll_gets_all_rows_and_nothing_else(ana_browser: Client, ana: Membership) -> None:
    make_campaign(ana.account, make_connection(ana.account), name="Primeira")
    make_campaign(ana.account, status="draft", name="Segunda")

    part = ana_browser.get("/campaigns/", headers=HTMX).content.decode()

    assert "<html" not in part
    assert "Primeira" in part
    assert "Segunda" in part


def test_tabs_and_search_narrow_the_list(ana_browser: Client, ana: Membership) -> None:
    make_campaign(ana.account, status="draft", name="Rascunho de junho")
    make_campaign(ana.account, name="Festa")

    drafts = ana_browser.get("/campaigns/?tab=draft").content.decode()
    found = ana_browser.get("/campaigns/?q=fest").content.decode()

    assert "Rascunho de junho" in drafts
    assert "Festa" not in drafts
    assert "Festa" in found
    assert "Rascunho de junho" not in found


def test_the_plans_limit_is_named_with_the_time_it_goes_on(ana_browser: Client, ana: Membership) -> None:
    give_allowance(ana.account, daily_limit=30, daily_per_number=30)
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection)
    make_messages(campaign, connection, 1)
    allowance = ana.account.send_allowance
    allowance.refresh_from_db()
    allowance.used_on, allowance.used_count = "2099-01-01", 30  # a day that has not come: it never goes backwards
    allowance.save()

    page = ana_browser.get("/campaigns/").content.decode()

    assert "Pausada pelo plano" in page
    assert "Pausada pelo plano: limite de 30 hoje; continua 02/01" in page.replace("02/01/2099", "02/01")
    assert "(horário de Brasília)." in page


def test_a_deal_is_counted_with_and_without_scripts(ana_browser: Client, ana: Membership) -> None:
    campaign = make_campaign(ana.account)
    address = f"/campaigns/{campaign.pk}/deal/"

    plain = ana_browser.post(address, {"action": "increment", "next": "/campaigns/?tab=running"})
    part = ana_browser.post(address, {"action": "increment"}, headers=HTMX)

    assert (plain.status_code, plain["Location"]) == (302, "/campaigns/?tab=running")
    assert ">2</output>" in part.content.decode()
    assert Campaign.objects.get().closed_deals == 2


def test_it_goes_back_to_no_other_site(ana_browser: Client, ana: Membership) -> None:
    campaign = make_campaign(ana.account)

    answer = ana_browser.post(f"/campaigns/{campaign.pk}/deal/", {"action": "increment", "next": "//evil.example/"})

    assert answer["Location"] == f"/campaigns/{campaign.pk}/"


def test_a_viewer_sees_no_button_that_writes(beto_browser: Client, ana: Membership) -> None:
    campaign = make_campaign(ana.account, make_connection(ana.account))

    page = beto_browser.get("/campaigns/").content.decode()

    assert campaign.name in page
    assert "Pausar" not in page
    assert "Nova Campanha" not in page
    assert "/deal/" not in page


def test_another_account_sees_its_own(caio_browser: Client, ana: Membership) -> None:
    make_campaign(ana.account, name="Segredo da Ana")

    assert "Segredo da Ana" not in caio_browser.get("/campaigns/").content.decode()


def test_it_costs_the_same_for_one_and_for_many(
    ana_browser: Client, ana: Membership, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    connections = [make_connection(ana.account) for _ in range(3)]
    for index in range(15):
        make_messages(make_campaign(ana.account, *connections, name=f"C{index}"), connections[0], 2)

    with django_assert_max_num_queries(14):
        ana_browser.get("/campaigns/")
