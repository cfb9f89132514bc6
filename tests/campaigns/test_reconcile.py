"""A counter that differs from its messages is an alarm first and a repair second."""

from __future__ import annotations

import datetime as dt
import logging

import pytest

from campaigns.models import Campaign, CampaignMessage, ContactMemory
from campaigns.services import memory
from campaigns.services.reconcile import Difference, reconcile_counters
from tests.campaigns.engine import ACCEPTED, REFUSED_NUMBER, answer, claim, record
from tests.campaigns.rows import NOW, counters, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db


def make_sent() -> Campaign:
    """A campaign with one message sent, one invalid and one queued."""
    account = make_sender()
    connections = [make_connection(account) for _ in range(2)]
    campaign = make_campaign(account, *connections)
    for connection, count in zip(connections, (2, 1), strict=True):
        make_messages(campaign, connection, count)
    first, second = claim()
    record(answer(first, ACCEPTED), answer(second, REFUSED_NUMBER))
    return campaign


def test_counters_that_agree_are_no_difference() -> None:
    make_sent()
    assert reconcile_counters() == []


def test_a_difference_is_named_logged_as_an_error_and_repaired(caplog: pytest.LogCaptureFixture) -> None:
    campaign = make_sent()
    Campaign.objects.update(sent_count=0, queued_count=2)
    with caplog.at_level(logging.ERROR, logger="campaigns"):
        found = reconcile_counters()
    assert found == [Difference(campaign.pk, "queued", 2, 1), Difference(campaign.pk, "sent", 0, 1)]
    assert [entry.message for entry in caplog.records] == ["counters.differ"] * 2
    assert counters(campaign) == {"queued": 1, "sent": 1, "invalid": 1}


def test_a_look_alone_repairs_nothing() -> None:
    campaign = make_sent()
    Campaign.objects.update(sent_count=0, queued_count=2)
    assert reconcile_counters(repair=False)
    assert counters(campaign) == {"queued": 2, "invalid": 1}


def test_one_that_cannot_be_repaired_stops_no_other() -> None:
    broken, other = make_sent(), make_sent()
    Campaign.objects.filter(pk=broken.pk).update(status="finished", sent_count=2, queued_count=0)
    Campaign.objects.filter(pk=other.pk).update(sent_count=0, queued_count=2)
    found = reconcile_counters()
    assert {one.campaign_id for one in found} == {broken.pk, other.pk}
    assert counters(other) == {"queued": 1, "sent": 1, "invalid": 1}
    assert counters(broken) == {"sent": 2, "invalid": 1}


def test_the_memory_keeps_the_latest_contact_whatever_order_it_is_told_in() -> None:
    account = make_sender()
    number = make_connection(account)
    times = [NOW, NOW - dt.timedelta(days=1), NOW + dt.timedelta(seconds=1)]
    for index, at in enumerate(times):
        memory.remember([(account.pk, "+5511970000001", number.pk, index, at)])
    memory.remember(
        [(account.pk, "+5511970000001", number.pk, 9, NOW), (account.pk, "+5511970000002", number.pk, 8, NOW)]
    )
    kept = ContactMemory.objects.order_by("phone").values_list("message_ref", "last_sent_at")
    assert list(kept) == [(2, times[2]), (8, NOW)]


def test_a_message_that_is_deleted_with_its_campaign_leaves_its_memory() -> None:
    campaign = make_sent()
    campaign.delete()
    assert CampaignMessage.objects.count() == 0
    assert ContactMemory.objects.count() == 1
