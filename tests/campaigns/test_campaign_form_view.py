from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.models import Membership
from campaigns.models import Campaign
from tests.campaigns.rows import give_allowance, make_campaign, make_connection, make_list

WEEKDAYS = {f"open_{day}": "1" for day in range(5)}
HOURS = {name: value for day in range(7) for name, value in ((f"from_{day}", "08:00"), (f"to_{day}", "20:00"))}


@pytest.fixture(autouse=True)
def _right(ana: Membership) -> None:
    give_allowance(ana.account)


def filled(owner: Membership, **changes: Any) -> dict[str, Any]:
    """What a browser posts of a complete form that is saved as a draft."""
    data: dict[str, Any] = {
        "name": "Natal",
        "lists": [make_list(owner.account, leads=2).pk],
        "connections": [make_connection(owner.account).pk],
        "texts": ["Oi {nome}", "Olá {nome}!\r\nTudo bem?"],
        "name_fallback": "",
        "when": "now",
        "starts_at": "",
        "daily_cap": "",
        "action": "draft",
        **WEEKDAYS,
        **HOURS,
    }
    return data | changes


def test_a_draft_keeps_what_was_written(ana_browser: Client, ana: Membership) -> None:
    answer = ana_browser.post("/campaigns/new/", filled(ana, daily_cap="40", name_fallback="amigo"))

    campaign = Campaign.objects.get()
    assert answer["Location"] == f"/campaigns/{campaign.pk}/"
    assert (campaign.status, campaign.daily_cap, campaign.name_fallback) == ("draft", 40, "amigo")
    assert [row.body for row in campaign.variations.all()] == ["Oi {nome}", "Olá {nome}!\nTudo bem?"]
    assert campaign.window == [[[480, 1200]]] * 5 + [[], []]
    assert campaign.created_by == ana.user


def test_it_starts_at_once_when_asked(ana_browser: Client, ana: Membership) -> None:
    ana_browser.post("/campaigns/new/", filled(ana, action="go"))

    assert Campaign.objects.get().status == "running"


def test_a_marked_time_is_local_time_of_the_account(ana_browser: Client, ana: Membership) -> None:
    ana_browser.post("/campaigns/new/", filled(ana, action="go", when="later", starts_at="2099-06-01T09:30"))

    campaign = Campaign.objects.get()
    assert campaign.status == "scheduled"
    assert campaign.starts_at == dt.datetime(2099, 6, 1, 9, 30, tzinfo=ZoneInfo("America/Sao_Paulo"))


def test_a_start_that_is_refused_leaves_the_draft_and_says_why(ana_browser: Client, ana: Membership) -> None:
    page = ana_browser.post("/campaigns/new/", filled(ana, action="go", lists=[]), follow=True).content.decode()

    assert Campaign.objects.get().status == "draft"
    assert "O rascunho foi salvo, mas a campanha não começou. Falta escolher uma lista de leads." in page


def test_errors_stand_beside_their_fields_and_nothing_is_lost(ana_browser: Client, ana: Membership) -> None:
    data = filled(
        ana,
        name="",
        texts=["Oi {nome}", "Promoção em {bairro_x}", "Sobrou {"],
        when="later",
        starts_at="2020-01-01T08:00",
        **{"from_0": "19:00", "to_0": "08:00"},
    )

    answer = ana_browser.post("/campaigns/new/", data)

    page = answer.content.decode()
    assert answer.status_code == 422
    for text in (
        "Este campo é obrigatório.",
        "Esta mensagem usa um campo que nenhuma das listas escolhidas tem: {bairro_x}.",
        "Esta mensagem tem uma chave sobrando.",
        "Este horário já passou.",
        "Cada intervalo começa antes de terminar e não cruza com outro.",
        "Promoção em {bairro_x}</textarea>",
        'value="19:00"',
    ):
        assert text in page
    assert page.count(" checked") >= 7
    assert not Campaign.objects.exists()


def test_a_week_without_an_open_day_is_refused(ana_browser: Client, ana: Membership) -> None:
    data = {name: value for name, value in filled(ana).items() if not name.startswith("open_")}

    page = ana_browser.post("/campaigns/new/", data).content.decode()

    assert "Abra pelo menos um dia" in page


def test_several_intervals_and_midnight_are_understood(ana_browser: Client, ana: Membership) -> None:
    data = filled(ana, open_5="1", from_5=["08:00", "18:00"], to_5=["12:00", "00:00"])

    ana_browser.post("/campaigns/new/", data)

    assert Campaign.objects.get().window[5] == [[480, 720], [1080, 1440]]


def test_holidays_are_sent_on_unless_the_box_is_ticked_and_the_box_remembers(
    ana_browser: Client, ana: Membership
) -> None:
    ana_browser.post("/campaigns/new/", filled(ana))
    assert not Campaign.objects.get().skip_holidays

    campaign = Campaign.objects.get()
    ana_browser.post(f"/campaigns/{campaign.pk}/edit/", filled(ana, skip_holidays="1"))

    campaign.refresh_from_db()
    assert campaign.skip_holidays
    page = ana_browser.get(f"/campaigns/{campaign.pk}/edit/").content.decode()
    assert 'name="skip_holidays" value="1" checked' in page


def test_a_column_of_the_list_may_be_used(ana_browser: Client, ana: Membership) -> None:
    listed = make_list(ana.account, leads=1, variable_keys=["bairro"])

    ana_browser.post("/campaigns/new/", filled(ana, lists=[listed.pk], texts=["Oi, {bairro}!"]))

    assert Campaign.objects.get().variations.get().body == "Oi, {bairro}!"


def test_more_than_ten_variations_are_refused(ana_browser: Client, ana: Membership) -> None:
    page = ana_browser.post("/campaigns/new/", filled(ana, texts=["Oi"] * 11)).content.decode()

    assert "Use no máximo 10 variações" in page
    assert not Campaign.objects.exists()


def test_lists_of_another_account_are_no_choice(caio_browser: Client, ana: Membership) -> None:
    answer = caio_browser.post("/campaigns/new/", filled(ana))

    assert answer.status_code == 422
    assert not Campaign.objects.exists()


def test_a_lone_number_and_the_asked_list_are_chosen_already(ana_browser: Client, ana: Membership) -> None:
    make_connection(ana.account)
    listed = make_list(ana.account, leads=1)

    page = ana_browser.get(f"/campaigns/new/?list={listed.pk}").content.decode()

    assert page.count("data-lane checked") == 1
    assert 'data-people="1" checked' in page
    assert "Cliente 0" in page  # the preview greets a real lead


def test_a_draft_is_edited_and_a_running_campaign_is_not(ana_browser: Client, ana: Membership) -> None:
    draft = make_campaign(ana.account, make_connection(ana.account), status="draft")
    running = make_campaign(ana.account, make_connection(ana.account))

    shown = ana_browser.get(f"/campaigns/{draft.pk}/edit/").content.decode()
    ana_browser.post(f"/campaigns/{draft.pk}/edit/", filled(ana, name="Novo nome"))
    refused = ana_browser.get(f"/campaigns/{running.pk}/edit/")

    draft.refresh_from_db()
    assert "Oi {nome}</textarea>" in shown
    assert draft.name == "Novo nome"
    assert refused["Location"] == f"/campaigns/{running.pk}/"


def test_a_viewer_may_not_write_one(beto_browser: Client, ana: Membership) -> None:
    draft = make_campaign(ana.account, status="draft")

    assert beto_browser.get("/campaigns/new/").status_code == 403
    assert beto_browser.post(f"/campaigns/{draft.pk}/edit/", {}).status_code == 403
