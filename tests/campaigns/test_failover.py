"""A number that is lost: its queue goes to the campaign's others, but never the people who know it."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from campaigns.domain.dealing import FAILOVER_AFTER
from campaigns.models import CampaignLane, CampaignMessage, Connection, ConnectionState, ContactMemory, SendLane
from campaigns.services import failover, lifecycle
from campaigns.services.reconcile import reconcile_counters
from tests.campaigns.engine import claim
from tests.campaigns.rows import NOW, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db

LONG_DOWN = NOW - FAILOVER_AFTER


def lose(connection: Connection, *, since: dt.datetime = LONG_DOWN) -> None:
    Connection.objects.filter(pk=connection.pk).update(state=ConnectionState.DISCONNECTED, state_since=since)


def held(connection: Connection) -> int:
    return CampaignMessage.objects.filter(connection=connection).count()


def test_the_queue_of_a_number_long_down_goes_to_the_others_by_their_room() -> None:
    account = make_sender(daily_per_number=30)
    lost, small, large = (make_connection(account, daily_cap=cap) for cap in (None, 10, 20))
    campaign = make_campaign(account, lost, small, large)
    make_messages(campaign, lost, 30)
    SendLane.objects.update(wake_at=None)
    lose(lost)

    assert failover.redeal_lost(now=NOW) == 30

    assert [held(one) for one in (lost, small, large)] == [0, 10, 20]
    assert dict(CampaignLane.objects.values_list("lane__connection_id", "dealt_count"))[large.pk] == 20
    assert dict(SendLane.objects.values_list("connection_id", "wake_at")) == {
        lost.pk: None,
        small.pk: NOW,
        large.pk: NOW,
    }
    assert {taken.connection_id for taken in claim()} == {small.pk, large.pk}
    assert reconcile_counters() == []


def test_a_removed_number_is_lost_at_once_and_one_that_just_dropped_is_not() -> None:
    account = make_sender()
    removed, dropped, other = (make_connection(account) for _ in range(3))
    campaign = make_campaign(account, removed, dropped, other)
    make_messages(campaign, removed, 2)
    make_messages(campaign, dropped, 3)
    lose(dropped, since=LONG_DOWN + dt.timedelta(seconds=1))
    Connection.objects.filter(pk=removed.pk).update(archived_at=NOW, state_since=NOW)

    failover.redeal_lost(now=NOW)

    assert [held(one) for one in (removed, dropped, other)] == [0, 3, 2]


def test_who_was_ever_written_to_waits_for_the_number_they_know() -> None:
    account = make_sender()
    lost, other = make_connection(account), make_connection(account)
    messages = make_messages(make_campaign(account, lost, other), lost, 3)
    ContactMemory.objects.create(
        account=account, phone=messages[0].phone, connection=None, message_ref=0, last_sent_at=NOW
    )
    lose(lost)

    assert [failover.redeal_lost(now=NOW) for _ in range(2)] == [2, 0]

    messages[0].refresh_from_db()
    assert messages[0].connection_id == lost.pk


def test_who_is_being_written_to_by_another_campaign_right_now_stays_too() -> None:
    account = make_sender()
    lost, other = make_connection(account), make_connection(account)
    phone = "+5511970001111"
    make_messages(make_campaign(account, other), other, 1, phones=[phone])
    assert len(claim()) == 1
    make_messages(make_campaign(account, lost, other), lost, 1, phones=[phone])
    lose(lost)
    assert failover.redeal_lost(now=NOW) == 0


def test_what_is_on_its_way_or_settled_keeps_its_number() -> None:
    account = make_sender()
    lost, other = make_connection(account), make_connection(account)
    campaign = make_campaign(account, lost, other)
    make_messages(campaign, lost, 3)
    (taken,) = claim()
    lose(lost)

    assert failover.redeal_lost(now=NOW) == 2

    assert Counter(CampaignMessage.objects.values_list("connection_id", "status")) == {
        (lost.pk, "sending"): 1,
        (other.pk, "queued"): 2,
    }
    assert taken.connection_id == lost.pk


@pytest.mark.parametrize("why", ["alone", "others down", "paused", "preparing"])
def test_nothing_moves_where_nobody_can_take_over_or_nothing_should_leave(why: str) -> None:
    account = make_sender()
    lost, other = make_connection(account), make_connection(account)
    numbers = [lost] if why == "alone" else [lost, other]
    campaign = make_campaign(account, *numbers, audience_ready_at=None if why == "preparing" else NOW)
    make_messages(campaign, lost, 2)
    lose(lost)
    if why == "others down":
        lose(other, since=NOW)
    if why == "paused":
        lifecycle.pause_campaign(campaign=campaign)

    assert failover.redeal_lost(now=NOW) == 0
    assert held(lost) == 2


def test_a_large_queue_moves_in_batches_and_the_rest_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failover, "BATCH", 4)
    account = make_sender()
    lost, other = make_connection(account), make_connection(account)
    make_messages(make_campaign(account, lost, other), lost, 10)
    lose(lost)
    assert [failover.redeal_lost(now=NOW, batches=2) for _ in range(3)] == [8, 2, 0]


def test_another_accounts_numbers_take_nothing_over() -> None:
    account, stranger = make_sender(), make_sender()
    lost, foreign = make_connection(account), make_connection(stranger)
    make_campaign(stranger, foreign)
    make_messages(make_campaign(account, lost), lost, 2)
    lose(lost)
    assert failover.redeal_lost(now=NOW) == 0
    assert held(foreign) == 0
