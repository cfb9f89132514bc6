"""A claim that raises is repeated account by account: one bad row stops one account, never all."""

from __future__ import annotations

import datetime as dt
from unittest import mock

import pytest

from campaigns.models import Campaign, CampaignMessage, SendLane
from campaigns.services import claim_write
from tests.campaigns.engine import claim, room
from tests.campaigns.rows import NOW, counters, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = dt.timedelta(minutes=1)


def make_ready(host: str = "gateway") -> Campaign:
    account = make_sender()
    connection = make_connection(account, host=host)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 2)
    return campaign


def test_one_accounts_bad_row_stops_that_account_alone() -> None:
    good, bad, other = make_ready(), make_ready(), make_ready()
    Campaign.objects.filter(pk=bad.pk).update(window=[["nonsense"]])

    taken = claim()

    assert sorted(one.campaign_id for one in taken) == [good.pk, other.pk]
    assert counters(bad) == {"queued": 2}


def test_the_bad_account_is_looked_at_again_in_a_minute_and_goes_on_once_repaired() -> None:
    bad = make_ready()
    Campaign.objects.update(window=[["nonsense"]])
    assert claim() == []
    assert SendLane.objects.get().wake_at == NOW + MINUTE
    assert claim(NOW + MINUTE / 2) == []

    Campaign.objects.update(window=[[[0, 1440]]] * 7)
    assert [one.campaign_id for one in claim(NOW + MINUTE)] == [bad.pk]


def test_a_claim_by_account_opens_no_more_calls_than_there_is_room() -> None:
    campaigns = [make_ready() for _ in range(4)]
    for campaign in campaigns:
        more = [make_connection(campaign.account) for _ in range(2)]
        for connection in more:
            campaign.campaign_lanes.create(account=campaign.account, lane=connection.lane)
            make_messages(campaign, connection, 1)
    Campaign.objects.filter(pk=campaigns[0].pk).update(window=[["nonsense"]])

    assert len(claim(space=room(total=12, per_host=5))) == 5
    assert len(claim(space=room(total=2, per_host=50))) <= 2


def test_a_message_that_changed_under_the_locks_rolls_the_whole_claim_of_its_account_back() -> None:
    campaign = make_ready()
    take = claim_write._take_messages

    def changed_by_someone(*args: object, **fields: object) -> None:
        CampaignMessage.objects.order_by("pk")[:1].get().delete()
        take(*args, **fields)  # type: ignore[arg-type]

    with mock.patch.object(claim_write, "_take_messages", changed_by_someone):
        assert claim() == []

    assert counters(campaign) == {"queued": 2}
    assert SendLane.objects.get().in_flight_token is None
    assert CampaignMessage.objects.count() == 2
