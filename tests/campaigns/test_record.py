"""What each answer makes of its message, its lane, the counters, the quota and the memory."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.domain.states import MESSAGE_TRANSITIONS, MessageStatus
from campaigns.gateways.base import PROVES_NOTHING_SENT, OutcomeClass
from campaigns.models import (
    Attempt,
    Campaign,
    CampaignMessage,
    Connection,
    ContactMemory,
    SendLane,
    UsageDay,
)
from campaigns.services import lifecycle, rescue
from campaigns.services.claim import Claimed
from campaigns.services.reconcile import reconcile_counters
from extraction.models import Lead
from tests.campaigns.engine import (
    ACCEPTED,
    LEASE_OVER,
    NOT_SENT,
    REFUSED_LANE,
    REFUSED_MESSAGE,
    REFUSED_NUMBER,
    SECOND,
    UNKNOWN,
    answer,
    claim,
    message,
    record,
)
from tests.campaigns.rows import NOW, counters, make_campaign, make_connection, make_list, make_messages, make_sender

pytestmark = pytest.mark.django_db

GAP_S = 20.0
TODAY = dt.date(2026, 11, 25)


def claim_one(messages: int = 1) -> Claimed:
    account = make_sender()
    connection = make_connection(account, gap_s=GAP_S)
    make_messages(make_campaign(account, connection), connection, messages)
    (taken,) = claim()
    return taken


def campaign_of(taken: Claimed) -> Campaign:
    return Campaign.objects.get(pk=taken.campaign_id)


def used(taken: Claimed) -> tuple[int, int, int]:
    """Today's use of account, number and campaign."""
    campaign = campaign_of(taken)
    campaign.account.send_allowance.refresh_from_db()
    lane = SendLane.objects.get(pk=taken.lane_id)
    return campaign.account.send_allowance.used_count, lane.used_count, campaign.used_count


# outcome, the campaign was cancelled meanwhile -> message, counter
IN_TIME = [
    (ACCEPTED, False, "sent", "sent"),
    (ACCEPTED, True, "sent", "sent"),
    (UNKNOWN, False, "unconfirmed", "unconfirmed"),
    (UNKNOWN, True, "unconfirmed", "unconfirmed"),
    (REFUSED_NUMBER, False, "failed", "invalid"),
    (REFUSED_NUMBER, True, "failed", "invalid"),
    (REFUSED_MESSAGE, False, "failed", "failed"),
    (REFUSED_MESSAGE, True, "failed", "failed"),
    (REFUSED_LANE, False, "queued", "queued"),
    (REFUSED_LANE, True, "cancelled", "cancelled"),
    (NOT_SENT, False, "queued", "queued"),
    (NOT_SENT, True, "cancelled", "cancelled"),
]


@pytest.mark.parametrize(("kind", "cancelled", "status", "bucket"), IN_TIME)
def test_an_answer_in_time_moves_its_message_and_its_counter(
    kind: OutcomeClass, cancelled: bool, status: str, bucket: str
) -> None:
    taken = claim_one()
    if cancelled:
        lifecycle.cancel_campaign(campaign=campaign_of(taken), now=NOW)

    assert record(answer(taken, kind)) == 1

    row = message(taken)
    assert row.status == status
    assert MessageStatus(status) in MESSAGE_TRANSITIONS[MessageStatus.SENDING]
    assert row.claim_token is None
    assert row.answered_at == NOW + SECOND
    assert row.sent_at == (NOW + SECOND if status == "sent" else None)
    assert counters(campaign_of(taken)) == {bucket: 1}
    assert reconcile_counters() == []


# outcome -> message, counter, of an answer that comes when the lease has settled the message as unconfirmed
LATE = [
    (ACCEPTED, "sent", "sent"),
    (UNKNOWN, "unconfirmed", "unconfirmed"),
    (REFUSED_NUMBER, "failed", "invalid"),
    (REFUSED_MESSAGE, "failed", "failed"),
    (REFUSED_LANE, "failed", "failed"),
    (NOT_SENT, "failed", "failed"),
]


@pytest.mark.parametrize("cancelled", [False, True])
@pytest.mark.parametrize(("kind", "status", "bucket"), LATE)
def test_a_late_answer_settles_its_message_and_never_returns_it(
    kind: OutcomeClass, status: str, bucket: str, cancelled: bool
) -> None:
    taken = claim_one()
    assert rescue.rescue_expired(now=NOW + LEASE_OVER) == 1
    if cancelled:
        lifecycle.cancel_campaign(campaign=campaign_of(taken), now=NOW)

    moved = record(answer(taken, kind, after_s=60))

    assert moved == (0 if kind is UNKNOWN else 1)
    row = message(taken)
    assert row.status == status
    assert status == "unconfirmed" or MessageStatus(status) in MESSAGE_TRANSITIONS[MessageStatus.UNCONFIRMED]
    assert (row.claim_token is None) == (kind is not UNKNOWN)
    assert counters(campaign_of(taken)) == {bucket: 1}
    assert UsageDay.objects.values_list("unconfirmed", flat=True).get() == (1 if kind is UNKNOWN else 0)
    assert reconcile_counters() == []


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("kind", list(OutcomeClass))
def test_quota_comes_back_exactly_when_it_is_proved_that_nothing_was_sent(kind: OutcomeClass, late: bool) -> None:
    taken = claim_one()
    assert used(taken) == (1, 1, 1)
    if late:
        rescue.rescue_expired(now=NOW + LEASE_OVER)

    record(answer(taken, kind, after_s=60 if late else 1))

    left = 0 if kind in PROVES_NOTHING_SENT else 1
    assert used(taken) == (left, left, left)


def test_quota_of_yesterday_does_not_come_back_today() -> None:
    account = make_sender()
    connection = make_connection(account, gap_s=0)
    campaign = make_campaign(account, connection, daily_cap=9)
    make_messages(campaign, connection, 2)
    late_evening = dt.datetime(2026, 11, 26, 2, 59, 59, tzinfo=dt.UTC)
    (yesterdays,) = claim(late_evening)
    other = make_connection(account)
    campaign.campaign_lanes.create(account=account, lane=other.lane)
    make_messages(campaign, other, 1)
    (todays,) = claim(late_evening + SECOND)
    assert (yesterdays.day, todays.day) == (TODAY, TODAY + dt.timedelta(days=1))

    record(answer(yesterdays, NOT_SENT, after_s=5))

    assert used(todays) == (1, 1, 1)


@pytest.mark.parametrize("kind", list(OutcomeClass))
def test_the_memory_of_a_contact_is_kept_when_it_was_or_may_have_been_made(kind: OutcomeClass) -> None:
    taken = claim_one()
    record(answer(taken, kind))
    kept = list(ContactMemory.objects.values_list("phone", "connection_id", "message_ref", "last_sent_at"))
    contact = (taken.phone, taken.connection_id, taken.message_id, NOW + SECOND)
    assert kept == ([contact] if kind in (ACCEPTED, UNKNOWN) else [])


@pytest.mark.parametrize("kind", list(OutcomeClass))
def test_every_call_leaves_one_attempt(kind: OutcomeClass) -> None:
    taken = claim_one()
    record(answer(taken, kind, http_status=418, answer="resposta"))
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.claim_token, attempt.message_id) == (kind.value, taken.token, taken.message_id)
    assert (attempt.started_at, attempt.answered_at, attempt.elapsed_ms) == (NOW, NOW + SECOND, 1000)
    assert (attempt.http_status, attempt.answer) == (418, "resposta")


def test_a_late_answer_completes_the_attempt_that_the_rescue_wrote() -> None:
    taken = claim_one()
    rescue.rescue_expired(now=NOW + LEASE_OVER)
    assert Attempt.objects.values_list("outcome", "code", "answered_at").get() == ("unknown", "lease_lost", None)

    record(answer(taken, after_s=60))

    late = NOW + dt.timedelta(seconds=60)
    assert Attempt.objects.values_list("outcome", "code", "answered_at").get() == ("accepted", "", late)


def test_a_record_repeated_after_a_lost_commit_changes_nothing() -> None:
    taken = claim_one(messages=2)
    for kind in (NOT_SENT, ACCEPTED, UNKNOWN):
        assert record(answer(taken, NOT_SENT)) in (0, 1)
        before = (counters(campaign_of(taken)), used(taken), SendLane.objects.values().get(), UsageDay.objects.count())
        assert record(answer(taken, kind)) == 0
        assert (
            counters(campaign_of(taken)),
            used(taken),
            SendLane.objects.values().get(),
            UsageDay.objects.count(),
        ) == before
    assert Attempt.objects.count() == 1


def test_an_answer_pulls_the_lane_back_to_its_own_time_plus_the_gap() -> None:
    taken = claim_one()
    record(answer(taken, after_s=3))
    lane = SendLane.objects.get()
    assert lane.not_before == lane.wake_at == NOW + dt.timedelta(seconds=3 + GAP_S)
    assert (lane.in_flight_token, lane.in_flight_until) == (None, None)


@pytest.mark.parametrize("kind", [NOT_SENT, REFUSED_NUMBER, REFUSED_MESSAGE])
def test_a_failed_attempt_uses_up_its_gap_too(kind: OutcomeClass) -> None:
    taken = claim_one()
    record(answer(taken, kind, after_s=3))
    assert SendLane.objects.get().not_before == NOW + dt.timedelta(seconds=3 + GAP_S)


def test_an_unknown_leaves_the_lane_where_its_claim_put_it() -> None:
    taken = claim_one()
    put = SendLane.objects.get().not_before
    record(answer(taken, UNKNOWN, after_s=3))
    lane = SendLane.objects.get()
    assert lane.not_before == lane.wake_at == put == NOW + dt.timedelta(seconds=45 + GAP_S)
    assert lane.in_flight_token is None


@pytest.mark.parametrize(
    ("code", "retry_after_s", "rest_s", "state"),
    [
        ("disconnected", None, 60, "disconnected"),
        ("auth", None, 60, "disconnected"),
        ("instance_missing", None, 60, "disconnected"),
        ("rate_limited", 600.0, 600, "connected"),
        ("rate_limited", 1.0, 1, "connected"),
    ],
)
def test_a_refused_number_rests_and_one_that_is_down_is_shown_as_disconnected(
    code: str, retry_after_s: float | None, rest_s: float, state: str
) -> None:
    taken = claim_one()
    record(answer(taken, REFUSED_LANE, after_s=3, code=code, retry_after_s=retry_after_s))

    lane = SendLane.objects.get()
    answered = NOW + 3 * SECOND
    assert (lane.rest_until, lane.rest_reason) == (answered + dt.timedelta(seconds=rest_s), code)
    assert lane.wake_at == answered + dt.timedelta(seconds=max(rest_s, GAP_S))
    assert Connection.objects.get().state == state


def test_a_message_that_its_number_could_not_send_keeps_its_place_and_its_tries() -> None:
    taken = claim_one(messages=2)
    for _ in range(5):
        record(answer(taken, REFUSED_LANE, code="rate_limited", retry_after_s=1.0))
        (again,) = claim(taken.claimed_at + 60 * SECOND)
        assert again.message_id == taken.message_id
        taken = again
    assert message(taken).tries == 0


def test_a_message_that_did_not_leave_goes_behind_the_others_and_fails_at_the_third_try() -> None:
    taken = claim_one(messages=2)
    first, order, now = taken.message_id, [taken.message_id], NOW
    while taken.message_id == first or len(order) < 4:
        record(answer(taken, NOT_SENT if taken.message_id == first else ACCEPTED))
        now += 60 * SECOND
        claimed = claim(now)
        if not claimed:
            break
        (taken,) = claimed
        order.append(taken.message_id)
    assert order == [first, first + 1, first, first]
    row = CampaignMessage.objects.get(pk=first)
    assert (row.status, row.tries, row.reason) == ("failed", 3, "not_connected")
    assert reconcile_counters() == []


def test_two_unknowns_in_a_row_rest_the_number_and_resend_nothing() -> None:
    taken = claim_one(messages=4)
    record(answer(taken, UNKNOWN))
    assert SendLane.objects.get().rest_until is None
    now = SendLane.objects.get().not_before
    (second,) = claim(now)
    record(answer(second, UNKNOWN))

    lane = SendLane.objects.get()
    assert (lane.rest_reason, lane.rest_until) == ("gateway_unwell", now + SECOND + dt.timedelta(minutes=5))
    assert lane.wake_at == lane.rest_until
    assert counters(campaign_of(taken)) == {"queued": 2, "unconfirmed": 2}


def test_unknowns_that_are_not_in_a_row_rest_nothing() -> None:
    taken, now = claim_one(messages=4), NOW
    for kind in (UNKNOWN, ACCEPTED, UNKNOWN):
        record(answer(taken, kind))
        now += dt.timedelta(minutes=5)
        (taken,) = claim(now)
    assert SendLane.objects.get().rest_until is None


def test_a_late_answer_never_touches_a_lane_that_was_claimed_again() -> None:
    taken = claim_one(messages=3)
    now = NOW + dt.timedelta(minutes=5)
    rescue.rescue_expired(now=now)
    (again,) = claim(now)
    before = SendLane.objects.values().get()

    record(answer(taken, REFUSED_MESSAGE, after_s=301), now=now + SECOND)

    lane = SendLane.objects.values().get()
    assert lane["in_flight_token"] == again.token
    assert {**lane, "used_count": None} == {**before, "used_count": None}
    assert message(again).status == "sending"


def test_quota_that_comes_back_wakes_every_number_of_the_account() -> None:
    account = make_sender(daily_limit=1)
    connections = [make_connection(account, gap_s=20) for _ in range(2)]
    campaign = make_campaign(account, *connections)
    for connection in connections:
        make_messages(campaign, connection, 1)
    (taken,) = claim()
    waiting = SendLane.objects.exclude(pk=taken.lane_id)

    record(answer(taken, REFUSED_NUMBER), now=NOW + SECOND)

    assert waiting.get().wake_at == NOW + SECOND
    assert len(claim(NOW + SECOND)) == 1


def test_counters_tell_when_the_campaign_last_sent_and_never_an_earlier_time() -> None:
    account = make_sender()
    connections = [make_connection(account) for _ in range(2)]
    campaign = make_campaign(account, *connections)
    for connection in connections:
        make_messages(campaign, connection, 1)
    slow, quick = claim()
    record(answer(quick, after_s=9))
    record(answer(slow, after_s=2))
    campaign.refresh_from_db()
    assert campaign.last_sent_at == NOW + 9 * SECOND


def test_usage_of_the_day_counts_each_outcome_on_the_local_day_of_its_claim() -> None:
    kinds = [ACCEPTED, ACCEPTED, UNKNOWN, REFUSED_NUMBER, REFUSED_MESSAGE, NOT_SENT]
    account = make_sender()
    connections = [make_connection(account) for _ in kinds]
    campaign = make_campaign(account, *connections)
    for connection in connections:
        make_messages(campaign, connection, 1)
    taken = claim(dt.datetime(2026, 11, 26, 2, 59, 59, tzinfo=dt.UTC))

    record(*(answer(one, kind) for one, kind in zip(taken, kinds, strict=True)))

    day = UsageDay.objects.get()
    assert (day.day, day.campaign_ref) == (TODAY, campaign.pk)
    assert (day.sent, day.failed, day.invalid, day.unconfirmed, day.skipped) == (2, 1, 1, 1, 0)
    assert reconcile_counters() == []


def test_an_id_that_was_asked_for_is_kept_for_the_lead() -> None:
    lead = make_list(make_sender(), leads=1).leads.get()
    connection = make_connection(lead.account)
    make_messages(make_campaign(lead.account, connection), connection, 1)
    CampaignMessage.objects.update(lead=lead)
    (taken,) = claim()

    record(answer(taken, wa_id="556199990002", checked=True))

    assert Lead.objects.values_list("wa_id", "wa_id_checked_at").get() == ("556199990002", NOW + SECOND)
    assert message(taken).wa_id == "556199990002"


def test_a_receipt_or_person_that_settled_the_message_first_wins() -> None:
    taken = claim_one()
    rescue.rescue_expired(now=NOW + LEASE_OVER)
    CampaignMessage.objects.update(status="sent", claim_token=None, sent_at=NOW)
    Campaign.objects.update(unconfirmed_count=0, sent_count=1)

    assert record(answer(taken, NOT_SENT, after_s=60)) == 0
    assert message(taken).status == "sent"
