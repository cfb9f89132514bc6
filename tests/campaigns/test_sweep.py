"""Nothing sleeps for ever, and whatever makes a message sendable wakes its number, never earlier than its pace."""

from __future__ import annotations

import datetime as dt

import pytest

from billing.services import allowance
from campaigns.models import SendLane
from campaigns.services import locks, sweep
from tests.campaigns.engine import SECOND, claim
from tests.campaigns.rows import NOW, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db


def test_the_sweep_wakes_a_sleeping_number_of_a_running_campaign_with_a_queue() -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 1)
    SendLane.objects.update(wake_at=None)
    assert sweep.wake_sleeping(now=NOW) == 1
    assert len(claim()) == 1


@pytest.mark.parametrize(
    "fields", [{"status": "paused"}, {"audience_ready_at": None}, {"status": "cancelled"}, {"status": "draft"}]
)
def test_the_sweep_leaves_numbers_alone_that_have_nothing_to_send(fields: dict[str, object]) -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection, **fields), connection, 1)  # type: ignore[arg-type]
    SendLane.objects.update(wake_at=None)
    assert sweep.wake_sleeping(now=NOW) == 0


def test_the_sweep_never_brings_a_known_time_forward() -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 1)
    SendLane.objects.update(wake_at=NOW + SECOND)
    assert sweep.wake_sleeping(now=NOW) == 0


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_wake_is_never_earlier_than_the_pace(minutes: int) -> None:
    pace = NOW + dt.timedelta(minutes=minutes)
    connection = make_connection(make_sender(), not_before=pace, wake_at=None)
    locks.wake([connection.lane.pk], now=NOW)
    lane = SendLane.objects.get()
    assert (lane.not_before, lane.wake_at) == (pace, max(NOW, pace))


def test_a_licence_that_changed_wakes_every_number_of_its_account_and_no_other() -> None:
    account, other = make_sender(), make_sender()
    for owner in (account, account, other):
        make_connection(owner, wake_at=None)
    allowance.halt(account=account, reason="test", now=NOW)
    allowance.lift_halt(account=account, now=NOW)
    assert set(SendLane.objects.filter(account=account).values_list("wake_at", flat=True)) == {NOW}
    assert SendLane.objects.get(account=other).wake_at is None
