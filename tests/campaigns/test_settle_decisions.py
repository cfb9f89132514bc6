"""What a person decides about a message in doubt, and what is told to them before."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns import texts
from campaigns.domain.states import CampaignStatus
from campaigns.errors import NotUnconfirmed, WrongState
from campaigns.models import Campaign, CampaignMessage, Connection, Decision, SendLane, UsageDay
from campaigns.selectors.unconfirmed import list_decisions, list_unconfirmed
from campaigns.services import lifecycle, settle
from campaigns.services.claim import Claimed
from campaigns.services.reconcile import reconcile_counters
from campaigns.services.rescue import rescue_expired
from tests.campaigns.engine import LEASE_OVER, SECOND, UNKNOWN, answer, claim, message, record
from tests.campaigns.posted import LID, SERVER, ack, post
from tests.campaigns.rows import NOW, counters, make_campaign, make_connection, make_messages, make_sender
from tests.factories import make_user

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=1)


def make_doubtful(queued: int = 0, *, lost: bool = False) -> tuple[Campaign, Connection, Claimed]:
    """A message in doubt, before this many others of its campaign."""
    connection = make_connection(make_sender())
    campaign = make_campaign(connection.account, connection)
    make_messages(campaign, connection, 1 + queued)
    [claimed] = claim()
    if lost:
        rescue_expired(now=NOW + LEASE_OVER)
    else:
        record(answer(claimed, UNKNOWN))
    return campaign, connection, claimed


def finish(campaign: Campaign) -> None:
    assert lifecycle.finish_done(now=LATER) == 1
    campaign.refresh_from_db()


class TestCountAsSent:
    @pytest.mark.parametrize("lost", [False, True])
    def test_it_is_sent_from_then_on_and_the_decision_is_kept(self, lost: bool) -> None:
        campaign, _, claimed = make_doubtful(lost=lost)
        person = make_user()

        row = settle.count_as_sent(message=message(claimed), by=person, now=LATER)

        assert (row.status, row.reason, row.claim_token, row.gateway_message_id) == ("sent", "", None, "")
        assert row.sent_at == (NOW if lost else NOW + SECOND)  # when it may have left, not when somebody said so
        assert counters(campaign) == {"sent": 1}
        assert list(UsageDay.objects.values_list("sent", "unconfirmed")) == [(1, 0)]
        decision = Decision.objects.get()
        assert (decision.kind, decision.decided_by, decision.decided_at) == ("count_as_sent", person, LATER)
        assert (decision.message, decision.account) == (row, campaign.account)
        assert reconcile_counters() == []

    def test_it_is_possible_in_every_campaign_and_leaves_a_finished_one_finished(self) -> None:
        campaign, _, claimed = make_doubtful()
        finish(campaign)
        settle.count_as_sent(message=message(claimed), by=None, now=LATER)
        campaign.refresh_from_db()
        assert campaign.status == CampaignStatus.FINISHED

    def test_a_late_answer_changes_nothing_afterwards(self) -> None:
        campaign, _, claimed = make_doubtful(lost=True)
        settle.count_as_sent(message=message(claimed), by=None, now=LATER)
        assert record(answer(claimed), now=LATER) == 0
        assert counters(campaign) == {"sent": 1}


class TestSendAgain:
    def test_it_leaves_once_more_behind_the_others(self) -> None:
        campaign, _, claimed = make_doubtful(queued=1)
        person = make_user()

        row = settle.send_again(message=message(claimed), by=person, now=LATER)

        assert (row.status, row.reason, row.claim_token, row.tries) == ("queued", "", None, 0)
        assert counters(campaign) == {"queued": 2}
        assert list(UsageDay.objects.values_list("sent", "unconfirmed")) == [(0, 0)]
        assert (Decision.objects.get().kind, Decision.objects.get().decided_by) == ("send_again", person)
        [first] = claim(LATER + SECOND)
        assert first.message_id != claimed.message_id
        record(answer(first))
        [second] = claim(LATER + 60 * SECOND)
        assert (second.message_id, second.token != claimed.token) == (claimed.message_id, True)
        record(answer(second))
        assert (counters(campaign), reconcile_counters()) == ({"sent": 2}, [])

    def test_a_finished_campaign_runs_again_and_its_lane_is_awake(self) -> None:
        campaign, _, claimed = make_doubtful()
        finish(campaign)
        SendLane.objects.update(wake_at=None)
        settle.send_again(message=message(claimed), by=None, now=LATER)
        campaign.refresh_from_db()
        assert (campaign.status, campaign.finished_at) == (CampaignStatus.RUNNING, None)
        assert [one.message_id for one in claim(LATER)] == [claimed.message_id]

    def test_a_paused_campaign_stays_paused(self) -> None:
        campaign, _, claimed = make_doubtful()
        lifecycle.pause_campaign(campaign=campaign)
        settle.send_again(message=message(claimed), by=None, now=LATER)
        assert claim(LATER) == []
        campaign.refresh_from_db()
        assert campaign.status == CampaignStatus.PAUSED

    def test_a_cancelled_campaign_refuses(self) -> None:
        campaign, _, claimed = make_doubtful()
        lifecycle.cancel_campaign(campaign=campaign, now=LATER)
        with pytest.raises(WrongState) as refused:
            settle.send_again(message=message(claimed), by=None, now=LATER)
        assert texts.of(refused.value).startswith("Esta campanha está cancelada: não dá para enviar de novo.")
        assert (counters(campaign), Decision.objects.count()) == ({"unconfirmed": 1}, 0)

    def test_the_pace_of_the_number_is_kept(self) -> None:
        connection = make_connection(make_sender(), gap_s=300)
        campaign = make_campaign(connection.account, connection)
        make_messages(campaign, connection, 1)
        [claimed] = claim()
        record(answer(claimed, UNKNOWN))
        settle.send_again(message=message(claimed), by=None, now=NOW + 60 * SECOND)
        assert claim(NOW + 299 * SECOND) == []
        assert len(claim(NOW + 346 * SECOND)) == 1

    @pytest.mark.parametrize("accepted", [True, False])
    def test_the_first_sends_late_answer_and_ack_do_not_touch_the_second(self, accepted: bool) -> None:
        campaign, connection, claimed = make_doubtful(lost=True)
        settle.send_again(message=message(claimed), by=None, now=LATER)
        [second] = claim(LATER + SECOND)
        assert record(answer(claimed, message_id="OLD") if accepted else answer(claimed, UNKNOWN), now=LATER) == 0
        record(answer(second, UNKNOWN))
        post(connection, ack("OLD", SERVER, phone=claimed.phone), at=LATER)  # heard before the second claim
        assert counters(campaign) == {"unconfirmed": 1}


@pytest.mark.parametrize("decide", [settle.count_as_sent, settle.send_again])
@pytest.mark.parametrize("status", ["queued", "sending", "sent", "failed", "skipped", "cancelled"])
def test_only_a_message_in_doubt_is_decided_about(decide: object, status: str) -> None:
    _, _, claimed = make_doubtful()
    stale = message(claimed)
    changes = {"status": status, "sent_at": NOW, "claim_token": "t"}
    CampaignMessage.objects.filter(pk=stale.pk).update(**changes)
    with pytest.raises(NotUnconfirmed):
        decide(message=stale, by=None, now=LATER)  # type: ignore[operator]
    assert not Decision.objects.exists()


class TestList:
    def shown(self, campaign: Campaign, now: dt.datetime = LATER) -> list[tuple[int, bool]]:
        rows = list_unconfirmed(campaign=campaign, now=now)
        return [(row.pk, bool(getattr(row, "probably_not_sent"))) for row in rows]  # noqa: B009

    def test_silence_means_nothing_from_an_instance_that_never_confirms(self) -> None:
        campaign, _, claimed = make_doubtful()
        assert self.shown(campaign) == [(claimed.message_id, False)]

    def test_silence_of_an_instance_that_confirms_others_means_that_it_probably_never_left(self) -> None:
        campaign, connection, claimed = make_doubtful()
        post(connection, ack("BY-HAND", SERVER, phone="+5511988887777"), at=NOW - dt.timedelta(hours=2))
        assert self.shown(campaign, NOW + 164 * SECOND) == [(claimed.message_id, False)]
        assert self.shown(campaign, NOW + 166 * SECOND) == [(claimed.message_id, True)]

    def test_confirmations_of_long_ago_say_nothing_about_now(self) -> None:
        campaign, connection, claimed = make_doubtful()
        post(connection, ack("BY-HAND", SERVER, phone="+5511988887777"), at=NOW - dt.timedelta(days=2))
        assert self.shown(campaign) == [(claimed.message_id, False)]

    def test_a_sign_that_may_be_its_own_leaves_it_open(self) -> None:
        campaign, connection, claimed = make_doubtful()
        post(connection, ack("X", SERVER, remote=LID), at=NOW + 5 * SECOND)
        assert self.shown(campaign) == [(claimed.message_id, False)]

    def test_the_settled_and_those_of_others_are_not_listed(self) -> None:
        campaign, connection, claimed = make_doubtful()
        other, _, _ = make_doubtful()
        post(connection, ack("X", SERVER, phone=claimed.phone), at=NOW + 5 * SECOND)
        assert self.shown(campaign) == []
        assert len(self.shown(other)) == 1

    def test_decisions_are_listed_newest_first(self) -> None:
        campaign, _, claimed = make_doubtful()
        settle.send_again(message=message(claimed), by=None, now=LATER)
        [second] = claim(LATER)
        record(answer(second, UNKNOWN))
        settle.count_as_sent(message=message(claimed), by=None, now=2 * (LATER - NOW) + NOW)
        assert [one.kind for one in list_decisions(campaign=campaign)] == ["count_as_sent", "send_again"]
