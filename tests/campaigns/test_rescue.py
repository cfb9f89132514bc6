"""A claim without an answer is settled as unconfirmed when its lease ends: never earlier, never resent."""

from __future__ import annotations

import datetime as dt
from unittest import mock

import pytest
from django.db import OperationalError

from campaigns.models import Attempt, CampaignMessage, ContactMemory, SendLane, UsageDay
from campaigns.services import locks, rescue
from campaigns.services.reconcile import reconcile_counters
from tests.campaigns.engine import LEASE_OVER, SECOND, answer, claim, message, record
from tests.campaigns.rows import NOW, counters, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db


def test_before_the_lease_ends_nothing_is_rescued() -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 1)
    claim()
    assert rescue.rescue_expired(now=NOW + 45 * SECOND) == 0
    assert rescue.rescue_expired(now=NOW + 45 * SECOND + dt.timedelta(microseconds=1)) == 1


def test_a_lost_message_is_unconfirmed_keeps_its_token_and_its_quota_and_is_remembered() -> None:
    account = make_sender()
    connection = make_connection(account, gap_s=20)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 2)
    (taken,) = claim()
    before = SendLane.objects.get()

    rescue.rescue_expired(now=NOW + LEASE_OVER)

    row, lane = message(taken), SendLane.objects.get()
    assert (row.status, row.reason, row.lease_lost_at) == ("unconfirmed", "lease_lost", NOW + LEASE_OVER)
    assert row.claim_token == taken.token
    assert (lane.in_flight_token, lane.not_before, lane.wake_at) == (None, before.not_before, before.not_before)
    assert lane.used_count == 1
    assert counters(campaign) == {"queued": 1, "unconfirmed": 1}
    assert ContactMemory.objects.values_list("phone", "last_sent_at").get() == (row.phone, NOW)
    assert Attempt.objects.values_list("outcome", "code", "answered_at").get() == ("unknown", "lease_lost", None)
    assert UsageDay.objects.values_list("day", "unconfirmed").get() == (dt.date(2026, 11, 25), 1)
    assert reconcile_counters() == []


def test_a_rescue_that_runs_twice_changes_nothing_the_second_time() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1)
    claim()
    assert [rescue.rescue_expired(now=NOW + LEASE_OVER) for _ in range(2)] == [1, 0]
    assert Attempt.objects.count() == 1


def test_a_lane_whose_message_is_gone_is_freed() -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 1)
    claim()
    CampaignMessage.objects.all().delete()
    rescue.rescue_expired(now=NOW + LEASE_OVER)
    assert SendLane.objects.get().in_flight_token is None


def test_one_account_that_cannot_be_rescued_stops_no_other() -> None:
    campaigns = []
    for _ in range(2):
        account = make_sender()
        connection = make_connection(account)
        campaigns.append(make_campaign(account, connection))
        make_messages(campaigns[-1], connection, 1)
    claim()
    lock = locks.lock_campaigns

    def held(ids: set[int]) -> object:
        if campaigns[0].pk in ids:
            raise OperationalError("lock timeout")
        return lock(ids)

    with mock.patch.object(locks, "lock_campaigns", held):
        assert rescue.rescue_expired(now=NOW + LEASE_OVER) == 1
    assert [counters(campaign) for campaign in campaigns] == [{"sending": 1}, {"unconfirmed": 1}]


def test_a_late_answer_after_a_move_of_the_accounts_zone_finds_the_day_of_its_claim() -> None:
    account = make_sender(time_zone="Pacific/Auckland")
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 1)
    (taken,) = claim()
    type(account).objects.update(time_zone="America/Sao_Paulo")

    rescue.rescue_expired(now=NOW + LEASE_OVER)
    record(answer(taken, after_s=60))

    day = UsageDay.objects.get()
    assert (day.day, day.unconfirmed, day.sent) == (dt.date(2026, 11, 26), 0, 1)
