from __future__ import annotations

import datetime as dt

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account
from billing.models import SendAllowance
from campaigns.models import Campaign, Connection
from campaigns.selectors.states import CampaignState, states_of
from leads_infinitos.portal.templatetags.sending import state_line
from tests.campaigns.rows import NOW, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 25)
TOMORROW = dt.datetime(2026, 11, 26, 3, tzinfo=dt.UTC)  # midnight in São Paulo
OFFICE_HOURS = [[[480, 1200]]] * 5 + [[], []]


@pytest.fixture
def account() -> Account:
    return make_sender(daily_limit=100, daily_per_number=30)


@pytest.fixture
def connection(account: Account) -> Connection:
    return make_connection(account)


@pytest.fixture
def campaign(account: Account, connection: Connection) -> Campaign:
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 3)
    return campaign


def state(campaign: Campaign, now: dt.datetime = NOW) -> CampaignState:
    campaign.refresh_from_db()
    return states_of([campaign], account=Account.objects.get(pk=campaign.account_id), now=now)[campaign.pk]


def line(campaign: Campaign) -> str:
    return state_line(state(campaign), now=NOW, zone="America/Sao_Paulo")


def test_a_campaign_that_may_send_names_its_next_time(campaign: Campaign, connection: Connection) -> None:
    soon = NOW + dt.timedelta(minutes=4)
    connection.lane.not_before = connection.lane.wake_at = soon
    connection.lane.save()

    assert (state(campaign).code, state(campaign).next_send_at, line(campaign)) == ("running", soon, "")


def test_it_is_preparing_until_its_audience_is_complete(campaign: Campaign) -> None:
    Campaign.objects.update(audience_ready_at=None)

    assert state(campaign).code == "preparing"


def test_the_plans_limit_goes_on_tomorrow_inside_the_window(campaign: Campaign) -> None:
    Campaign.objects.update(window=OFFICE_HOURS)
    SendAllowance.objects.update(used_on=TODAY, used_count=100)

    assert state(campaign).code == "paused_plan"
    expected = "Pausada pelo plano: limite de 100 hoje; continua amanhã às 08:00 (horário de Brasília)."
    assert line(campaign) == expected


def test_a_numbers_own_limit_is_no_pause_by_the_plan(campaign: Campaign, connection: Connection) -> None:
    lane = connection.lane
    lane.used_on, lane.used_count = TODAY, 30
    lane.save()
    assert (state(campaign).code, state(campaign).until) == ("paused_plan", TOMORROW)

    lane.daily_cap = 10
    lane.save()

    assert state(campaign).code == "running"
    assert line(campaign).startswith("Limite do número atingido: 10 hoje; continua amanhã")


def test_outside_its_hours_it_waits_for_them(campaign: Campaign) -> None:
    Campaign.objects.update(window=[[[1080, 1200]]] * 7)

    assert line(campaign) == "Fora do horário de envio; continua hoje às 18:00 (horário de Brasília)."


def test_its_own_daily_limit_is_named(campaign: Campaign) -> None:
    Campaign.objects.update(daily_cap=5, used_on=TODAY, used_count=5)

    assert state(campaign).code == "running"
    assert line(campaign).startswith("Limite diário da campanha atingido: 5 hoje; continua amanhã às 00:00")


def test_a_disconnected_number_needs_a_person(campaign: Campaign) -> None:
    Connection.objects.update(state="disconnected")

    assert state(campaign).code == "waiting_connection"
    assert line(campaign) == "O número está desconectado. Leia o QR code de novo em Conexões."


def test_one_number_that_may_send_is_enough(account: Account, campaign: Campaign) -> None:
    Connection.objects.update(state="disconnected")
    campaign.campaign_lanes.create(account=account, lane=make_connection(account).lane)

    assert state(campaign).code == "running"


def test_a_campaign_without_a_number_says_so(account: Account) -> None:
    campaign = make_campaign(account)
    make_messages(campaign, make_connection(account), 1)

    assert (state(campaign).code, state(campaign).reason) == ("waiting_connection", "no_connection")


def test_a_resting_number_says_why_and_until_when(campaign: Campaign, connection: Connection) -> None:
    lane = connection.lane
    lane.rest_until, lane.rest_reason = NOW + dt.timedelta(minutes=5), "gateway_unwell"
    lane.save()

    expected = "O número está descansando: o provedor respondeu de forma incerta duas vezes seguidas; continua em 5 min"
    assert line(campaign).startswith(expected)


def test_a_lapsed_licence_comes_before_everything(campaign: Campaign) -> None:
    Connection.objects.update(state="disconnected")
    SendAllowance.objects.update(send_until=NOW)

    assert state(campaign).code == "waiting_licence"


def test_a_halted_account_is_paused_for_safety(campaign: Campaign) -> None:
    SendAllowance.objects.update(halted_reason="abuse")

    assert state(campaign).code == "paused_safety"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "draft"}, "draft"),
        ({"status": "paused", "pause_reason": "by_user"}, "paused"),
        ({"status": "paused", "pause_reason": "restored"}, "paused_safety"),
        ({"status": "finished"}, "finished"),
        ({"status": "finished", "unconfirmed_count": 1, "audience_count": 1}, "finished_pending"),
        ({"status": "cancelled"}, "cancelled"),
    ],
)
def test_stored_states_are_shown_as_they_are(account: Account, changes: dict[str, object], code: str) -> None:
    assert state(make_campaign(account, **changes)).code == code  # type: ignore[arg-type]


def test_a_scheduled_one_says_when_it_starts(account: Account) -> None:
    campaign = make_campaign(account, status="scheduled", starts_at=NOW + dt.timedelta(hours=20))

    assert line(campaign) == "Começa amanhã às 08:00 (horário de Brasília)."


def test_it_costs_two_queries_for_any_number_of_campaigns(
    account: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    campaigns = []
    for _ in range(6):
        connection = make_connection(account)
        campaigns.append(make_campaign(account, connection))
        make_messages(campaigns[-1], connection, 1)

    with django_assert_num_queries(2):
        states_of(campaigns, account=account, now=NOW)
