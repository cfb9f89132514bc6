from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from campaigns.domain.states import CampaignStatus
from campaigns.models import Campaign
from tests.campaigns.rows import give_allowance, make_campaign, make_connection, make_list, make_messages, settle
from tests.factories import make_api_token

JSON = "application/json"


@pytest.fixture(autouse=True)
def _right(cast: Any) -> None:
    for membership in (cast.ana, cast.caio):
        give_allowance(membership.account)


def body_for(owner: Membership, **changes: Any) -> dict[str, Any]:
    listed, connection = make_list(owner.account, leads=3), make_connection(owner.account)
    body = {"name": "Promoção", "lists": [listed.pk], "connections": [connection.pk], "texts": ["Oi {nome}", "Olá"]}
    return body | changes


def test_a_campaign_is_created_started_and_read_back(ana_browser: Client, ana: Membership) -> None:
    created = ana_browser.post("/api/campaigns/", body_for(ana, name_fallback="tudo bem"), JSON)
    assert created.status_code == 201, created.json()
    campaign = created.json()
    assert (campaign["status"], campaign["texts"], campaign["name_fallback"]) == (
        "draft",
        ["Oi {nome}", "Olá"],
        "tudo bem",
    )

    started = ana_browser.post(f"/api/campaigns/{campaign['id']}/start/", {}, JSON)

    assert started.json()["status"] == "running"
    assert started.json()["state"]["code"] == "preparing"
    assert ana_browser.get(f"/api/campaigns/{campaign['id']}/").json()["connections"] == campaign["connections"]


def test_a_start_that_names_a_time_schedules(ana_browser: Client, ana: Membership) -> None:
    pk = ana_browser.post("/api/campaigns/", body_for(ana), JSON).json()["id"]

    answer = ana_browser.post(f"/api/campaigns/{pk}/start/", {"starts_at": "2100-01-01T09:00:00-03:00"}, JSON)

    assert (answer.json()["status"], answer.json()["state"]["until"]) == ("scheduled", "2100-01-01T09:00:00-03:00")


def test_a_start_in_the_past_is_a_409_with_its_sentence(ana_browser: Client, ana: Membership) -> None:
    pk = ana_browser.post("/api/campaigns/", body_for(ana), JSON).json()["id"]

    answer = ana_browser.post(f"/api/campaigns/{pk}/start/", {"starts_at": "2020-01-01T09:00:00Z"}, JSON)

    assert (answer.status_code, answer.json()["code"]) == (409, "start_in_past")
    assert "já passou" in answer.json()["detail"]


def test_an_incomplete_campaign_says_what_is_missing(ana_browser: Client) -> None:
    pk = ana_browser.post("/api/campaigns/", {"name": "Só o nome"}, JSON).json()["id"]

    answer = ana_browser.post(f"/api/campaigns/{pk}/start", {}, JSON)

    assert answer.status_code == 409
    assert answer.json()["detail"].startswith(
        "Falta escolher uma lista de leads, um número de WhatsApp e uma mensagem."
    )


def test_bad_input_names_its_fields(ana_browser: Client) -> None:
    answer = ana_browser.post("/api/campaigns/", {"texts": ["x"] * 11, "window": [[]]}, JSON)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert set(answer.json()["fields"]) == {"name", "texts", "window"}


def test_an_unknown_field_in_a_text_is_refused_with_its_name(ana_browser: Client, ana: Membership) -> None:
    answer = ana_browser.post("/api/campaigns/", body_for(ana, texts=["Oi {nome}", "Em {cidadela}"]), JSON)

    assert (answer.status_code, answer.json()["code"]) == (409, "text_invalid")
    assert "variação 2" in answer.json()["detail"]
    assert "{cidadela}" in answer.json()["detail"]


def test_lists_and_numbers_of_another_account_do_not_exist(caio_browser: Client, ana: Membership) -> None:
    answer = caio_browser.post("/api/campaigns/", body_for(ana), JSON)

    assert (answer.status_code, answer.json()["code"]) == (409, "unknown_reference")


def test_a_draft_is_edited_in_part(ana_browser: Client, ana: Membership) -> None:
    pk = ana_browser.post("/api/campaigns/", body_for(ana, daily_cap=5), JSON).json()["id"]

    answer = ana_browser.patch(f"/api/campaigns/{pk}/", {"name": "Outro nome"}, JSON)

    assert (answer.status_code, answer.json()["name"], answer.json()["texts"]) == (
        200,
        "Outro nome",
        ["Oi {nome}", "Olá"],
    )
    assert answer.json()["daily_cap"] == 5


def test_a_scheduled_campaign_is_moved_and_unmarked_but_not_into_the_past(ana_browser: Client, ana: Membership) -> None:
    pk = ana_browser.post("/api/campaigns/", body_for(ana), JSON).json()["id"]
    ana_browser.post(f"/api/campaigns/{pk}/start/", {"starts_at": "2100-01-01T09:00:00Z"}, JSON)

    refused = ana_browser.patch(f"/api/campaigns/{pk}/", {"starts_at": "2020-01-01T09:00:00Z"}, JSON)
    renamed = ana_browser.patch(f"/api/campaigns/{pk}/", {"name": "Outro nome"}, JSON).json()
    unmarked = ana_browser.patch(f"/api/campaigns/{pk}/", {"starts_at": None}, JSON).json()

    assert (refused.status_code, refused.json()["code"]) == (409, "start_in_past")
    assert (renamed["status"], renamed["stats"]["starts_at"][:4]) == ("scheduled", "2100")
    assert (unmarked["status"], unmarked["stats"]["starts_at"]) == ("draft", None)


def test_a_campaign_says_whether_it_sends_on_holidays_and_keeps_it(ana_browser: Client, ana: Membership) -> None:
    made = ana_browser.post("/api/campaigns/", body_for(ana, skip_holidays=True), JSON).json()
    renamed = ana_browser.patch(f"/api/campaigns/{made['id']}/", {"name": "Outro nome"}, JSON).json()
    changed = ana_browser.patch(f"/api/campaigns/{made['id']}/", {"skip_holidays": False}, JSON).json()
    assert [one["skip_holidays"] for one in (made, renamed, changed)] == [True, True, False]


def test_pause_resume_and_cancel_move_the_campaign(ana_browser: Client, ana: Membership) -> None:
    campaign = make_campaign(ana.account, make_connection(ana.account))

    states = [
        ana_browser.post(f"/api/campaigns/{campaign.pk}/{action}/").json()["status"]
        for action in ("pause", "resume", "cancel")
    ]

    assert states == ["paused", "running", "cancelled"]
    again = ana_browser.post(f"/api/campaigns/{campaign.pk}/resume/")
    assert (again.status_code, again.json()["code"]) == (409, "campaign_wrong_state")


def test_stats_add_up_and_hold_the_plans_formulas(ana_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection, closed_deals=2)
    rows = make_messages(campaign, connection, 10)
    settle(campaign, rows[:5], "sent")
    settle(campaign, rows[5:6], "failed", reason="bad_request")
    settle(campaign, rows[6:8], "failed", reason="not_on_whatsapp", bucket="invalid")
    settle(campaign, rows[8:9], "unconfirmed", reason="timeout")

    stats = ana_browser.get(f"/api/campaigns/{campaign.pk}/stats").json()

    counts = {name: stats[name] for name in ("total_leads", "sent", "failed", "invalid", "unconfirmed", "pending")}
    assert counts == {"total_leads": 10, "sent": 5, "failed": 1, "invalid": 2, "unconfirmed": 1, "pending": 1}
    assert (stats["success_rate"], stats["conversion_rate"]) == (62.5, 40.0)
    assert stats["status"] == "running"


def test_rates_of_an_untouched_campaign_are_null(ana_browser: Client, ana: Membership) -> None:
    stats = ana_browser.get(f"/api/campaigns/{make_campaign(ana.account).pk}/stats/").json()

    assert (stats["success_rate"], stats["conversion_rate"]) == (None, None)


def test_deals_go_up_and_never_below_zero(ana_browser: Client, ana: Membership) -> None:
    address = f"/api/campaigns/{make_campaign(ana.account).pk}/deal"

    assert ana_browser.post(address, {"action": "increment"}, JSON).json()["closed_deals"] == 1
    assert ana_browser.post(address, {"action": "decrement"}, JSON).json()["closed_deals"] == 0
    refused = ana_browser.post(address, {"action": "decrement"}, JSON)
    assert (refused.status_code, refused.json()["code"]) == (409, "deals_below_zero")
    assert ana_browser.post(address, {"action": "double"}, JSON).status_code == 400


def test_messages_are_filtered_as_the_counters_divide_them(ana_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection)
    rows = make_messages(campaign, connection, 4)
    settle(campaign, rows[:1], "failed", reason="bad_request")
    settle(campaign, rows[1:3], "failed", reason="not_on_whatsapp", bucket="invalid")
    address = f"/api/campaigns/{campaign.pk}/messages/"

    counts = {
        name: ana_browser.get(address, {"status": name}).json()["count"] for name in ("failed", "invalid", "queued")
    }

    assert counts == {"failed": 1, "invalid": 2, "queued": 1}
    found = ana_browser.get(address, {"search": rows[0].phone[-6:]}).json()["results"]
    assert [row["reason_detail"] for row in found] == ["O provedor recusou a mensagem. Revise o texto da variação."]


def test_invalid_here_means_what_reconciliation_counts() -> None:
    from campaigns.selectors.messages import INVALID_REASONS
    from campaigns.services.reconcile import REFUSED_NUMBER_CODES

    assert INVALID_REASONS == REFUSED_NUMBER_CODES


@pytest.mark.parametrize("path", ["", "stats/", "messages/"])
def test_a_stranger_reads_nothing(caio_browser: Client, ana: Membership, path: str) -> None:
    campaign = make_campaign(ana.account)

    answer = caio_browser.get(f"/api/campaigns/{campaign.pk}/{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("action", ["start", "pause", "resume", "cancel", "deal"])
def test_a_stranger_moves_nothing_and_a_viewer_may_not(
    caio_browser: Client, beto_browser: Client, ana: Membership, action: str
) -> None:
    campaign = make_campaign(ana.account)
    address, body = f"/api/campaigns/{campaign.pk}/{action}/", {"action": "increment"}

    assert caio_browser.post(address, body, JSON).status_code == 404
    assert beto_browser.post(address, body, JSON).status_code == 403
    campaign.refresh_from_db()
    assert (campaign.status, campaign.closed_deals) == (CampaignStatus.RUNNING, 0)


def test_a_viewer_reads(beto_browser: Client, ana: Membership) -> None:
    make_campaign(ana.account)

    assert beto_browser.get("/api/campaigns/").json()["count"] == 1


def test_a_key_works_and_nobody_is_refused(client: Client, ana: Membership) -> None:
    _, key = make_api_token(membership=ana)

    assert client.get("/api/campaigns/").status_code in (401, 403)
    assert client.get("/api/campaigns/", headers={"Authorization": f"Token {key}"}).status_code == 200


def test_the_list_costs_the_same_for_one_and_for_many(
    ana_browser: Client, ana: Membership, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    connections = [make_connection(ana.account) for _ in range(3)]
    for index in range(12):
        make_campaign(ana.account, *connections, name=f"C{index}", queued_count=0)

    with django_assert_max_num_queries(16):
        answer = ana_browser.get("/api/campaigns/")

    assert len(answer.json()["results"]) == 12


def test_a_campaign_over_the_plans_limit_says_when_it_goes_on(ana_browser: Client, ana: Membership) -> None:
    give_allowance(ana.account, daily_limit=0, daily_per_number=0)
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection)
    make_messages(campaign, connection, 1)

    state = ana_browser.get(f"/api/campaigns/{campaign.pk}/stats/").json()["state"]

    assert (state["code"], state["reason"]) == ("paused_plan", "account_daily_limit")
    assert state["detail"] == "Pausada pelo plano: limite de 0 hoje"


def test_nothing_is_created_by_a_refused_request(ana_browser: Client, ana: Membership) -> None:
    ana_browser.post("/api/campaigns/", body_for(ana, texts=["Oi {"]), JSON)

    assert not Campaign.objects.exists()


def test_times_are_aware(ana_browser: Client, ana: Membership) -> None:
    campaign = make_campaign(ana.account)

    created = ana_browser.get(f"/api/campaigns/{campaign.pk}/").json()["created_at"]

    assert dt.datetime.fromisoformat(created).tzinfo is not None
