from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from campaigns.models import CampaignExclusion
from tests.campaigns.rows import give_allowance, make_campaign, make_connection, make_list, make_messages, settle
from tests.factories import NOW

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _right(ana: Membership, caio: Membership) -> None:
    give_allowance(ana.account)


def test_the_equation_and_the_waterfall_add_up(ana_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection, excluded_count=3)
    rows = make_messages(campaign, connection, 10)
    settle(campaign, rows[:6], "sent")
    settle(campaign, rows[6:7], "failed", reason="not_on_whatsapp", bucket="invalid")
    listed = make_list(ana.account, leads=3)
    for lead in listed.leads.all():
        CampaignExclusion.objects.create(account=ana.account, campaign=campaign, lead=lead, reason="landline")

    page = ana_browser.get(f"/campaigns/{campaign.pk}/").content.decode()

    for text in (
        "<b>10</b> =",
        "<b>6</b> enviadas",
        "<b>1</b> número inválido",
        "<b>3</b> na fila",
        "Telefone fixo",
        "−3",
        "13",
    ):
        assert text in page
    assert "every 5s" in page


def test_every_message_says_why_it_did_not_arrive(ana_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection)
    rows = make_messages(campaign, connection, 3)
    settle(campaign, rows[:1], "unconfirmed", reason="timeout")

    page = ana_browser.get(f"/campaigns/{campaign.pk}/?state=unconfirmed").content.decode()

    assert "pode ter chegado: confira no celular antes de reenviar" in page
    assert page.count('data-label="Telefone"') == 1


def test_a_poll_refreshes_the_page_when_the_state_changed(ana_browser: Client, ana: Membership) -> None:
    campaign = make_campaign(ana.account, make_connection(ana.account))
    address = f"/campaigns/{campaign.pk}/"

    same = ana_browser.get(f"{address}?was=running", headers=HTMX)
    changed = ana_browser.get(f"{address}?was=paused", headers=HTMX)

    assert "HX-Refresh" not in same
    assert "<html" not in same.content.decode()
    assert changed["HX-Refresh"] == "true"


def test_a_poll_brings_no_words_for_a_question_that_the_page_does_not_hold(
    ana_browser: Client, beto_browser: Client, ana: Membership
) -> None:
    running = make_campaign(ana.account, status="running")
    scheduled = make_campaign(ana.account, status="scheduled", started_at=None, starts_at=NOW + dt.timedelta(hours=1))

    asked = [
        (ana_browser, f"/campaigns/{running.pk}/?was=running"),
        (beto_browser, f"/campaigns/{running.pk}/?was=running"),
        (ana_browser, f"/campaigns/{scheduled.pk}/?was=scheduled"),
    ]
    held = ["cancel-words" in browser.get(address, headers=HTMX).content.decode() for browser, address in asked]

    assert held == [True, False, False]


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("start", "draft", "running"),
        ("pause", "running", "paused"),
        ("resume", "paused", "running"),
        ("cancel", "running", "cancelled"),
    ],
)
def test_each_button_moves_the_campaign(
    ana_browser: Client, ana: Membership, action: str, before: str, after: str
) -> None:
    campaign = make_campaign(ana.account, make_connection(ana.account), status=before)
    campaign.campaign_lists.create(account=ana.account, list=make_list(ana.account), position=0)

    answer = ana_browser.post(f"/campaigns/{campaign.pk}/{action}/", follow=True)

    campaign.refresh_from_db()
    assert campaign.status == after
    assert "flash-success" in answer.content.decode()


def test_a_refused_step_says_why(ana_browser: Client, ana: Membership) -> None:
    campaign = make_campaign(ana.account, status="finished")

    page = ana_browser.post(f"/campaigns/{campaign.pk}/pause/", follow=True).content.decode()

    assert "Esta campanha está concluída: não dá para pausar." in page


def test_the_cancel_question_names_the_consequence(ana_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection)
    settle(campaign, make_messages(campaign, connection, 5)[:2], "sent")

    page = ana_browser.get(f"/campaigns/{campaign.pk}/").content.decode()

    assert "<b>3</b> mensagens deixarão de sair" in page
    assert "<b>2</b> já saíram" in page


def test_search_finds_by_digits_and_by_name(ana_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection)
    rows = make_messages(campaign, connection, 3, phones=["+5511911112222", "+5511933334444", "+5511955556666"])
    rows[0].name = "Padaria Sol"
    rows[0].save()

    by_digits = ana_browser.get(f"/campaigns/{campaign.pk}/?q=93333").content.decode()
    by_name = ana_browser.get(f"/campaigns/{campaign.pk}/?q=padaria").content.decode()

    assert by_digits.count('data-label="Telefone"') == by_name.count('data-label="Telefone"') == 1
    assert "Padaria Sol" in by_name


def test_the_export_is_safe_to_open(ana_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection, name="Promoção de Natal")
    rows = make_messages(campaign, connection, 2, phones=["+5511911112222", "+351912345678"])
    rows[0].name = "=HYPERLINK(1)"
    rows[0].save()

    answer = ana_browser.get(f"/campaigns/{campaign.pk}/export/")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]

    assert 'filename="promocao-de-natal.csv"' in answer["Content-Disposition"]
    lines = text.removeprefix("\ufeff").splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("'=HYPERLINK(1);(11) 91111-2222;Na fila")
    assert ";'+351" in lines[2]


@pytest.mark.parametrize("path", ["", "export/", "exclusions/", "edit/"])
def test_a_stranger_opens_nothing(caio_browser: Client, ana: Membership, path: str) -> None:
    campaign = make_campaign(ana.account)

    assert caio_browser.get(f"/campaigns/{campaign.pk}/{path}").status_code == 404


@pytest.mark.parametrize("action", ["start", "pause", "resume", "cancel", "deal"])
def test_only_who_may_operate_moves_it(
    caio_browser: Client, beto_browser: Client, ana: Membership, action: str
) -> None:
    campaign = make_campaign(ana.account)
    address = f"/campaigns/{campaign.pk}/{action}/"

    assert caio_browser.post(address).status_code == 404
    assert beto_browser.post(address).status_code == 403
    assert beto_browser.get(address).status_code == 405
    campaign.refresh_from_db()
    assert campaign.status == "running"


def test_the_leads_left_out_are_listed_by_reason(ana_browser: Client, ana: Membership) -> None:
    campaign = make_campaign(ana.account, excluded_count=2)
    leads = list(make_list(ana.account, leads=2).leads.all())
    for lead, reason in zip(leads, ("landline", "duplicate_in_campaign"), strict=True):
        CampaignExclusion.objects.create(account=ana.account, campaign=campaign, lead=lead, reason=reason)

    page = ana_browser.get(f"/campaigns/{campaign.pk}/exclusions/?reason=landline").content.decode()

    assert leads[0].name in page
    assert leads[1].name not in page


def test_it_costs_the_same_for_few_and_for_many_messages(
    ana_browser: Client, ana: Membership, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection)
    make_messages(campaign, connection, 120)

    with django_assert_max_num_queries(19):
        page = ana_browser.get(f"/campaigns/{campaign.pk}/").content.decode()

    assert "1–50 de 120" in page


@pytest.mark.parametrize(("decision", "status"), [("count_as_sent", "sent"), ("send_again", "queued")])
def test_a_person_decides_about_a_message_in_doubt(
    ana_browser: Client, ana: Membership, decision: str, status: str
) -> None:
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection)
    (message,) = make_messages(campaign, connection, 1)
    settle(campaign, [message], "unconfirmed", reason="timeout")
    address = f"/campaigns/{campaign.pk}/messages/{message.pk}/decide/"
    assert address in ana_browser.get(f"/campaigns/{campaign.pk}/").content.decode()

    ana_browser.post(address, {"decision": decision})
    again = ana_browser.post(address, {"decision": decision}, follow=True).content.decode()

    message.refresh_from_db()
    assert message.status == status
    assert "Esta mensagem já foi resolvida." in again


def test_nobody_else_decides(caio_browser: Client, beto_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection)
    (message,) = make_messages(campaign, connection, 1)
    settle(campaign, [message], "unconfirmed", reason="timeout")
    address = f"/campaigns/{campaign.pk}/messages/{message.pk}/decide/"

    assert caio_browser.post(address, {"decision": "send_again"}).status_code == 404
    assert beto_browser.post(address, {"decision": "send_again"}).status_code == 403
    message.refresh_from_db()
    assert message.status == "unconfirmed"
