"""One WhatsApp number is one lane: it is never connected twice, and what a gateway says decides whether it sends."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest import mock

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from accounts.models import Account
from billing.models import SendAllowance
from campaigns.errors import ConnectionInUse, GapInvalid, InstanceTaken, PhoneTaken, TooManyConnections
from campaigns.gateways import calls
from campaigns.gateways.base import GatewayConfig, InstanceStatus
from campaigns.models import Connection, SendLane
from campaigns.services import connections
from campaigns.services.connections import Pace
from leads_infinitos.kernel.http import HostNotAllowed
from tests.campaigns.engine import SECOND, answer, claim, record
from tests.campaigns.rows import NOW, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db

HOST = "api2.megaapi.com.br"
PHONE = "+5511999990001"
CONNECTED = InstanceStatus("connected", PHONE)


def add(account: Account, key: str = "instance", **fields: Any) -> Connection:
    given = {"name": "Loja", "host": HOST, "token": "t", "pace": Pace(60, 120), **fields}
    return connections.add_connection(account=account, instance_key=key, now=NOW, **given)


def store(connection: Connection, status: InstanceStatus, now: dt.datetime = NOW) -> Connection:
    connections.store_status(connection=connection, status=status, now=now)
    connection.refresh_from_db()
    return connection


def remove(connection: Connection) -> None:
    connections.remove_connection(connection=connection, now=NOW)


def test_a_new_number_is_unknown_and_its_first_time_is_spread_over_one_gap() -> None:
    account = make_sender()
    lanes = [add(account, f"k{n}").lane for n in range(30)]
    starts = [(lane.not_before - NOW).total_seconds() for lane in SendLane.objects.all()]
    assert all(0 <= start <= 60 for start in starts)
    assert max(starts) - min(starts) > 20
    assert {lane.host for lane in lanes} == {HOST}
    assert Connection.objects.values_list("state", flat=True).first() == "unknown"


@pytest.mark.parametrize("spelling", [HOST, f"https://{HOST}/", f" {HOST.upper()}/rest ", f"https://{HOST}/rest/"])
def test_the_same_instance_is_refused_however_its_host_is_written(spelling: str) -> None:
    account, other = make_sender(), make_sender()
    add(account)
    for owner, here in ((account, True), (other, False)):
        with pytest.raises(InstanceTaken) as caught:
            add(owner, host=spelling)
        assert caught.value.params["here"] is here


def test_the_database_itself_refuses_an_instance_twice() -> None:
    account = make_sender()
    digest = add(account).vendor_digest
    with pytest.raises(IntegrityError), transaction.atomic():
        Connection.objects.create(account=make_sender(), name="x", base_url="x", vendor_digest=digest)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "http://127.0.0.1:9100/other",
        "localhost",
        "169.254.169.254",
        "http://api2.megaapi.com.br",
        "https://api2.megaapi.com.br:8443",
        "https://user@api2.megaapi.com.br",
        "https://megaapi.com.br.evil.example",
        "https://evilmegaapi.com.br",
        "https://evil.example/?x=megaapi.com.br",
        "https://evil.example#.megaapi.com.br",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_host_that_is_not_the_vendors_is_refused(host: str) -> None:
    with pytest.raises(HostNotAllowed):
        add(make_sender(), host=host)
    assert not Connection.objects.exists()


def test_a_host_that_the_operator_listed_is_allowed_exactly_as_listed(settings: Settings) -> None:
    settings.GATEWAY_ALLOWED_HOSTS = ["http://127.0.0.1:9100/mega"]
    assert add(make_sender(), host="http://127.0.0.1:9100/mega/").base_url == "http://127.0.0.1:9100/mega"


def test_no_more_numbers_than_the_plan_has() -> None:
    account = make_sender()
    SendAllowance.objects.update(numbers=2)
    first, _ = add(account, "a"), add(account, "b")
    with pytest.raises(TooManyConnections):
        add(account, "c")
    remove(first)
    add(account, "c")


@pytest.mark.parametrize("pace", [Pace(29, 60), Pace(60, 59), Pace(float("nan"), 60), Pace(60, 86_401), Pace(-1, 60)])
def test_an_interval_below_the_floor_or_upside_down_is_refused(settings: Settings, pace: Pace) -> None:
    settings.MIN_GAP_S = 30
    account = make_sender()
    with pytest.raises(GapInvalid):
        add(account, pace=pace)
    with pytest.raises(GapInvalid):
        connections.set_pace(connection=add(account), pace=pace, now=NOW)


def test_the_plans_own_floor_counts_where_it_is_higher() -> None:
    account = make_sender()
    SendAllowance.objects.update(min_gap_s=100)
    with pytest.raises(GapInvalid) as caught:
        add(account, pace=Pace(60, 120))
    assert caught.value.params["floor_s"] == 100


def test_a_new_interval_counts_from_the_next_message_and_moves_nothing_earlier() -> None:
    account = make_sender()
    connection = make_connection(account, gap_s=300)
    make_messages(make_campaign(account, connection), connection, 2)
    record(answer(claim()[0]))
    before = SendLane.objects.get().not_before

    connections.set_pace(connection=connection, pace=Pace(5, 5, daily_cap=9), now=NOW + 2 * SECOND)

    lane = SendLane.objects.get()
    assert lane.not_before == lane.wake_at == before
    assert claim(before)[0].gap_s == 5


def test_adding_a_removed_number_again_revives_its_lane_with_its_next_time_and_usage() -> None:
    account = make_sender()
    connection = add(account)
    later = NOW + dt.timedelta(minutes=9)
    SendLane.objects.update(
        not_before=later, wake_at=later, used_on=NOW.date(), used_count=7, rest_until=later, in_flight_token="t"
    )
    store(connection, CONNECTED)
    remove(connection)

    again = add(account, host=f"https://{HOST}", token="new")

    lane = SendLane.objects.get()
    assert (again.pk, again.token, again.archived_at, again.phone) == (connection.pk, "new", None, None)
    assert (lane.not_before, lane.used_count, lane.rest_until, lane.in_flight_token) == (later, 7, later, "t")
    assert again.state == "unknown"


def test_a_number_that_another_account_removed_is_free_and_starts_its_own_lane() -> None:
    connection = add(make_sender())
    remove(connection)
    assert add(make_sender()).lane.pk != connection.lane.pk


def test_a_number_of_an_open_campaign_is_not_removed() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    with pytest.raises(ConnectionInUse):
        remove(connection)
    type(campaign).objects.update(status="cancelled")
    remove(connection)
    assert Connection.objects.get().state == "disconnected"


def test_a_pasted_line_break_does_not_spoil_the_token() -> None:
    connection = add(make_sender(), key=" inst\nance ", token=" Bearer \n t0ken\r\n")
    assert (connection.instance_key, connection.token) == ("instance", "Bearer t0ken")


def test_a_number_found_connected_wakes_its_lane_and_keeps_its_phone() -> None:
    connection = add(make_sender())
    store(connection, CONNECTED, NOW + 100 * SECOND)
    assert (connection.state, connection.phone, connection.state_since) == ("connected", PHONE, NOW + 100 * SECOND)
    assert SendLane.objects.get().wake_at == NOW + 100 * SECOND


def test_an_answer_without_a_verdict_keeps_a_connected_number_connected_and_says_so() -> None:
    connection = store(add(make_sender()), CONNECTED)
    store(connection, InstanceStatus("unknown", code="unreachable"), NOW + SECOND)
    assert (connection.state, connection.state_since, connection.last_error) == ("connected", NOW, "unreachable")
    assert connection.checked_at == NOW + SECOND


@pytest.mark.parametrize("state", ["disconnected", "connecting"])
def test_a_number_that_is_not_connected_stays_so_until_the_gateway_says_otherwise(state: str) -> None:
    connection = store(add(make_sender()), CONNECTED)
    store(connection, InstanceStatus(state), NOW + SECOND)
    assert (connection.state, connection.state_since) == (state, NOW + SECOND)
    store(connection, InstanceStatus("unknown"), NOW + 2 * SECOND)
    assert connection.state == "unknown"


@pytest.mark.parametrize("here", [True, False])
def test_a_whatsapp_number_behind_two_instances_sends_through_the_first_only(here: bool) -> None:
    account = make_sender()
    store(add(account, "first"), CONNECTED)
    second = add(account if here else make_sender(), "second")
    for minutes in (1, 2):
        with pytest.raises(PhoneTaken) as caught:
            store(second, CONNECTED, NOW + minutes * 60 * SECOND)
        assert caught.value.params["here"] is here
    second.refresh_from_db()
    assert (second.state, second.last_error, second.phone) == ("disconnected", "phone_taken", None)
    assert second.state_since == NOW + 60 * SECOND
    assert second.lane.wake_at is None


def test_once_the_first_is_removed_the_second_takes_the_number() -> None:
    account = make_sender()
    first, second = store(add(account, "first"), CONNECTED), add(account, "second")
    with pytest.raises(PhoneTaken):
        store(second, CONNECTED)
    remove(first)
    assert store(second, CONNECTED).state == "connected"


def test_an_answer_about_a_number_that_was_removed_meanwhile_changes_nothing() -> None:
    connection = add(make_sender())
    remove(connection)
    store(connection, CONNECTED)
    assert (connection.state, connection.phone) == ("disconnected", None)


def test_the_poll_asks_each_number_once_a_minute_and_one_trouble_stops_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = make_sender()
    for key in ("taken", "broken", "good", "first"):
        add(account, key)
    store(Connection.objects.order_by("pk")[3], CONNECTED)

    def fetch(config: GatewayConfig) -> InstanceStatus:
        if config.instance_key == "broken":
            raise RuntimeError
        return CONNECTED if config.instance_key == "taken" else InstanceStatus("connected", "+5511999990002")

    monkeypatch.setattr(calls, "fetch_status", fetch)
    assert connections.poll_due(now=NOW + 30 * SECOND) == 3
    states = {one.instance_key: one.state for one in Connection.objects.all()}
    assert states == {"taken": "disconnected", "broken": "unknown", "good": "connected", "first": "connected"}
    assert connections.poll_due(now=NOW + 31 * SECOND) == 1


def test_the_poll_looks_first_at_what_was_never_or_longest_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    account = make_sender()
    old, new, older = (add(account, key) for key in ("old", "new", "older"))
    Connection.objects.filter(pk=old.pk).update(checked_at=NOW - dt.timedelta(hours=1))
    Connection.objects.filter(pk=older.pk).update(checked_at=NOW - dt.timedelta(hours=2))
    with mock.patch.object(calls, "fetch_status", return_value=InstanceStatus("unknown")):
        connections.poll_due(now=NOW, limit=2)
    assert set(Connection.objects.filter(checked_at=NOW)) == {new, older}
