"""The pace of a number and the limits of a day, over time that is passed in: nothing makes a number faster."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from campaigns.gateways.base import OutcomeClass
from campaigns.models import CampaignMessage, SendLane
from campaigns.services import lifecycle, locks, rescue, sweep
from campaigns.services.claim import Claimed
from campaigns.services.reconcile import reconcile_counters
from tests.campaigns.engine import ACCEPTED, NOT_SENT, REFUSED_LANE, UNKNOWN, answer, claim, message, record
from tests.campaigns.rows import NOW, counters, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db

GAP_S = 2.0
GAP = dt.timedelta(seconds=GAP_S)
MIDNIGHT = dt.datetime(2026, 11, 26, 3, 0, tzinfo=dt.UTC)  # in São Paulo


@pytest.mark.parametrize("seed", range(4))
def test_two_claims_of_a_number_are_never_closer_than_the_answer_plus_the_gap_whatever_happens(seed: int) -> None:
    """Answers good, refused, uncertain or never (a killed process), wake-ups of every kind, pauses, three campaigns."""
    rng = random.Random(seed)
    account = make_sender()
    connection = make_connection(account, gap_s=GAP_S)
    campaigns = [make_campaign(account, connection) for _ in range(3)]
    for campaign in campaigns:
        make_messages(campaign, connection, 30)
    now, free_at, sent = NOW, NOW, 0
    open_call: Claimed | None = None
    for _ in range(400):
        now += dt.timedelta(seconds=rng.choice([0.1, 0.5, 1.0]))
        happens = rng.choice(["nothing"] * 6 + ["wake", "account", "pause", "rescue"])
        if happens == "wake":
            locks.wake([connection.lane.pk], now=now)
        elif happens == "account":
            sweep.wake_account(account_id=account.pk, now=now)
        elif happens == "pause":
            lifecycle.pause_campaign(campaign=campaigns[0])
            lifecycle.resume_campaign(campaign=campaigns[0], now=now)
        elif happens == "rescue":
            rescue.rescue_expired(now=now)
        if open_call is not None and rng.random() < 0.5:
            kind = rng.choice([ACCEPTED, ACCEPTED, ACCEPTED, UNKNOWN, NOT_SENT, REFUSED_LANE])
            after_s = (now - open_call.claimed_at).total_seconds()
            record(answer(open_call, kind, after_s=after_s, code=_code(kind), retry_after_s=1.0), now=now)
            free_at, open_call = (_end_of_lease(open_call) if kind is UNKNOWN else now + GAP), None
        elif open_call is not None and rng.random() < 0.03:  # its process is killed: nothing in memory is left
            free_at, open_call = _end_of_lease(open_call), None
        wake_at = SendLane.objects.get().wake_at
        if open_call is None and wake_at is not None and wake_at > now + 2 * GAP:
            now = wake_at - dt.timedelta(seconds=0.3)  # nothing to see until then
        for taken in claim(now):
            assert open_call is None, "two messages in flight on one number"
            assert now >= free_at, "sooner than the pace"
            open_call, sent = taken, sent + 1
    assert sent > 40
    assert reconcile_counters() == []


def _end_of_lease(taken: Claimed) -> dt.datetime:
    """Until then the gateway may still have taken it."""
    return taken.claimed_at + dt.timedelta(seconds=45) + GAP


def _code(kind: OutcomeClass) -> str | None:
    return "rate_limited" if kind is REFUSED_LANE else None


def test_after_an_unknown_the_next_waits_as_if_the_call_had_lasted_its_whole_lease() -> None:
    account = make_sender()
    connection = make_connection(account, gap_s=GAP_S)
    make_messages(make_campaign(account, connection), connection, 2)
    (taken,) = claim()
    record(answer(taken, UNKNOWN))
    free_at = NOW + dt.timedelta(seconds=45 + GAP_S)
    assert claim(free_at - dt.timedelta(milliseconds=1)) == []
    assert len(claim(free_at)) == 1


def test_after_an_outage_the_schedule_goes_on_from_now_without_a_burst() -> None:
    account = make_sender()
    connection = make_connection(account, gap_s=60)
    make_messages(make_campaign(account, connection), connection, 10)
    later = NOW + dt.timedelta(hours=5)
    taken = [one for second in range(0, 120) for one in _claim_and_answer(later + dt.timedelta(seconds=second))]
    assert [(one.claimed_at - later).total_seconds() for one in taken] == [0, 61]


def _claim_and_answer(now: dt.datetime) -> list[Claimed]:
    taken = claim(now)
    for one in taken:
        record(answer(one))
    return taken


def test_four_campaigns_on_one_number_share_its_limit_and_the_first_over_it_leaves_the_next_day() -> None:
    account = make_sender(daily_limit=30, daily_per_number=30)
    connection = make_connection(account, gap_s=GAP_S)
    campaigns = [make_campaign(account, connection) for _ in range(4)]
    for campaign in campaigns:
        make_messages(campaign, connection, 10)
    now, sent = NOW, 0
    while taken := _claim_and_answer(now):
        sent, now = sent + len(taken), now + dt.timedelta(seconds=5)

    assert sent == 30
    assert sorted(counters(campaign)["sent"] for campaign in campaigns) == [7, 7, 8, 8]
    assert SendLane.objects.get().wake_at == MIDNIGHT
    assert _claim_and_answer(MIDNIGHT - dt.timedelta(seconds=1)) == []
    assert len(_claim_and_answer(MIDNIGHT)) == 1


def test_a_limit_that_is_reached_inside_a_window_goes_on_when_the_window_opens_the_next_day() -> None:
    account = make_sender(daily_limit=1, daily_per_number=1)
    connection = make_connection(account)
    make_messages(make_campaign(account, connection, window=[[[480, 1200]]] * 5 + [[], []]), connection, 2)
    _claim_and_answer(NOW)
    assert _claim_and_answer(NOW + GAP) == []
    assert SendLane.objects.get().wake_at == MIDNIGHT
    assert _claim_and_answer(MIDNIGHT) == []
    opens = MIDNIGHT + dt.timedelta(hours=8)
    assert SendLane.objects.get().wake_at == opens
    assert len(_claim_and_answer(opens)) == 1


def test_a_message_waits_in_the_queue_untouched_while_its_limit_is_reached() -> None:
    account = make_sender(daily_limit=1, daily_per_number=1)
    connection = make_connection(account)
    _, second = make_messages(make_campaign(account, connection), connection, 2)
    (taken,) = _claim_and_answer(NOW)
    before = CampaignMessage.objects.values().get(pk=second.pk)
    for minute in range(5):
        assert claim(NOW + dt.timedelta(minutes=minute)) == []
    assert CampaignMessage.objects.values().get(pk=second.pk) == before
    assert message(taken).status == "sent"
