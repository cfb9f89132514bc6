"""What a claim takes, from which lane and campaign, and when a lane that took nothing looks again."""

from __future__ import annotations

import datetime as dt

import pytest
from pytest_django import Settings

from billing.models import SendAllowance
from campaigns.models import CampaignLane, CampaignMessage, Connection, ContactMemory, Reply, SendLane, Suppression
from campaigns.services.claim import Claimed
from campaigns.services.reconcile import reconcile_counters
from extraction.models import Lead
from tests.campaigns.engine import LEASE_OVER, SECOND, answer, claim, message, record, room
from tests.campaigns.rows import (
    LONG_AGO,
    NOW,
    counters,
    make_campaign,
    make_connection,
    make_list,
    make_messages,
    make_sender,
)

pytestmark = pytest.mark.django_db

LATER = NOW + dt.timedelta(minutes=10)


def lane_of(connection: Connection) -> SendLane:
    return SendLane.objects.get(connection=connection)


def ids(claimed: list[Claimed]) -> list[int]:
    return [one.message_id for one in claimed]


def test_a_lane_gives_one_message_and_no_other_until_it_is_answered() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    first, _ = make_messages(campaign, connection, 2)

    assert ids(claim()) == [first.pk]
    assert claim(NOW + SECOND) == []
    assert counters(campaign) == {"queued": 1, "sending": 1}


def test_a_claimed_message_carries_its_token_its_time_and_its_lane() -> None:
    account = make_sender()
    connection = make_connection(account, gap_s=20)
    make_messages(make_campaign(account, connection), connection, 1)

    (taken,) = claim()

    row, lane = message(taken), lane_of(connection)
    assert (row.status, row.claim_token, row.claimed_at) == ("sending", taken.token, NOW)
    assert (lane.in_flight_token, lane.in_flight_until) == (taken.token, NOW + dt.timedelta(seconds=45))
    assert lane.not_before == lane.wake_at == NOW + dt.timedelta(seconds=45 + 20)


def test_the_gap_is_never_under_the_floor_of_plan_and_installation(settings: Settings) -> None:
    settings.MIN_GAP_S = 40
    account = make_sender()
    SendAllowance.objects.filter(pk=account.pk).update(min_gap_s=30)
    connection = make_connection(account, gap_s=20)
    make_messages(make_campaign(account, connection), connection, 1)
    assert claim()[0].gap_s == 40
    settings.MIN_GAP_S = 10
    SendLane.objects.update(in_flight_token=None, not_before=LONG_AGO, wake_at=LONG_AGO)
    CampaignMessage.objects.all().delete()
    make_messages(make_campaign(account, connection), connection, 1)
    assert claim()[0].gap_s == 30


def test_the_lane_that_is_due_longest_is_served_first() -> None:
    account = make_sender()
    connections = [make_connection(account) for _ in range(3)]
    campaign = make_campaign(account, *connections)
    rows = [make_messages(campaign, connection, 1)[0] for connection in connections]
    for connection, minutes in zip(connections, (5, 30, 10), strict=True):
        SendLane.objects.filter(connection=connection).update(wake_at=NOW - dt.timedelta(minutes=minutes))

    assert ids(claim(space=room(total=2))) == [rows[1].pk, rows[2].pk]


@pytest.mark.parametrize("field", ["wake_at", "not_before"])
def test_a_lane_is_due_only_when_both_its_pace_and_its_alarm_have_come(field: str) -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 1)
    soon = NOW + dt.timedelta(milliseconds=1)
    SendLane.objects.update(**{"wake_at": soon, field: soon})

    assert claim() == []
    assert len(claim(soon)) == 1


def test_a_lane_that_waits_for_an_event_is_not_looked_at() -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 1)
    SendLane.objects.update(wake_at=None)
    assert claim() == []


def test_campaigns_of_one_number_take_turns_the_least_recently_served_first() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaigns = [make_campaign(account, connection) for _ in range(3)]
    for campaign in campaigns:
        make_messages(campaign, connection, 3)
    CampaignLane.objects.filter(campaign=campaigns[0]).update(served_at=NOW - SECOND)

    served, now = [], NOW
    for _ in range(9):
        (taken,) = claim(now)
        served.append(campaigns.index(next(c for c in campaigns if c.pk == taken.campaign_id)))
        record(answer(taken))
        now += 2 * SECOND

    assert served == [1, 2, 0] * 3


def test_messages_of_a_campaign_leave_in_their_order() -> None:
    account = make_sender()
    connection = make_connection(account)
    rows = make_messages(make_campaign(account, connection), connection, 6)
    CampaignMessage.objects.filter(pk=rows[0].pk).update(position=100)

    order, now = [], NOW
    for _ in rows:
        (taken,) = claim(now)
        order.append(taken.message_id)
        record(answer(taken))
        now += 2 * SECOND

    assert order == [row.pk for row in [*rows[1:], rows[0]]]


@pytest.mark.parametrize(("limit", "used"), [(0, 0), (3, 0), (5, 3), (5, 5), (5, 9)])
def test_the_daily_limit_of_the_account_is_exact_with_many_numbers_in_one_batch(limit: int, used: int) -> None:
    account = make_sender(daily_limit=limit)
    SendAllowance.objects.update(used_on=NOW.date(), used_count=used)
    connections = [make_connection(account) for _ in range(8)]
    campaign = make_campaign(account, *connections)
    for connection in connections:
        make_messages(campaign, connection, 1)

    taken = claim()

    assert len(taken) == max(limit - used, 0)
    account.send_allowance.refresh_from_db()
    assert account.send_allowance.used_count == max(limit, used)
    waiting = SendLane.objects.filter(in_flight_token=None)
    midnight = dt.datetime(2026, 11, 26, 3, 0, tzinfo=dt.UTC)
    assert {lane.wake_at for lane in waiting} == {midnight if limit else None}


def test_the_daily_limit_of_a_number_is_its_own_cap_but_never_above_the_plans() -> None:
    account = make_sender(daily_per_number=2)
    connections = [make_connection(account, daily_cap=1), make_connection(account, daily_cap=9)]
    campaign = make_campaign(account, *connections)
    for connection in connections:
        make_messages(campaign, connection, 4)

    now, sent = NOW, []
    for _ in range(4):
        taken = claim(now)
        sent += [one.connection_id for one in taken]
        for one in taken:
            record(answer(one))
        now += 2 * SECOND

    assert [sent.count(connection.pk) for connection in connections] == [1, 2]


def test_the_daily_limit_of_a_campaign_is_exact_and_leaves_the_number_to_others() -> None:
    account = make_sender()
    connections = [make_connection(account) for _ in range(4)]
    capped = make_campaign(account, *connections, daily_cap=3)
    other = make_campaign(account, *connections)
    for connection in connections:
        make_messages(capped, connection, 1)
        make_messages(other, connection, 1)
    CampaignLane.objects.filter(campaign=other).update(served_at=NOW - SECOND)

    taken = claim()

    assert sorted(one.campaign_id for one in taken) == [capped.pk] * 3 + [other.pk]
    capped.refresh_from_db()
    assert (capped.used_on, capped.used_count) == (NOW.date(), 3)


def test_a_new_local_day_starts_every_count_anew() -> None:
    account = make_sender(daily_limit=1, daily_per_number=1)
    connection = make_connection(account)
    campaign = make_campaign(account, connection, daily_cap=1)
    make_messages(campaign, connection, 2)
    record(answer(claim()[0]))
    assert claim(LATER) == []

    tomorrow = dt.datetime(2026, 11, 26, 3, 0, tzinfo=dt.UTC)  # midnight in São Paulo
    assert claim(tomorrow - SECOND) == []
    assert len(claim(tomorrow)) == 1
    account.send_allowance.refresh_from_db()
    assert (account.send_allowance.used_on, account.send_allowance.used_count) == (dt.date(2026, 11, 26), 1)


def test_a_move_to_a_zone_where_it_is_still_yesterday_opens_no_second_day() -> None:
    account = make_sender(daily_limit=1, daily_per_number=1, time_zone="Pacific/Auckland")
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 2)
    (taken,) = claim()
    assert taken.day == dt.date(2026, 11, 26)
    record(answer(taken))

    type(account).objects.update(time_zone="America/Sao_Paulo")
    SendLane.objects.update(wake_at=LATER, not_before=LATER)

    assert claim(LATER) == []
    assert lane_of(connection).wake_at == dt.datetime(2026, 11, 27, 3, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("change", "wake_at"),
    [({"send_until": NOW}, None), ({"send_until": None}, None), ({"halted_reason": "abuse"}, None)],
)
def test_an_account_that_may_not_send_waits_for_an_event(change: dict[str, object], wake_at: None) -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1)
    SendAllowance.objects.update(**change)

    assert claim() == []
    assert lane_of(connection).wake_at is wake_at
    assert counters(campaign) == {"queued": 1}


def test_an_account_without_an_allowance_sends_nothing() -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 1)
    SendAllowance.objects.all().delete()
    assert claim() == []


@pytest.mark.parametrize("state", ["unknown", "connecting", "disconnected"])
def test_only_a_connected_number_sends(state: str) -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 1)
    Connection.objects.update(state=state)
    assert claim() == []
    assert lane_of(connection).wake_at is None


def test_a_resting_number_looks_again_when_its_rest_ends() -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 1)
    SendLane.objects.update(rest_until=LATER, rest_reason="rate_limited")
    assert claim() == []
    assert lane_of(connection).wake_at == LATER
    assert len(claim(LATER)) == 1


@pytest.mark.parametrize("status", ["draft", "paused", "cancelled"])
def test_only_a_running_campaign_sends(status: str) -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection, status=status), connection, 1)
    assert claim() == []


def test_nothing_is_claimable_before_the_audience_is_complete() -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection, audience_ready_at=None), connection, 1)
    assert claim() == []


def test_outside_the_window_the_lane_looks_again_when_it_opens() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection, window=[[[13 * 60, 14 * 60]]] * 7)  # NOW is noon
    make_messages(campaign, connection, 1)
    assert claim() == []
    assert lane_of(connection).wake_at == NOW + dt.timedelta(hours=1)
    assert len(claim(NOW + dt.timedelta(hours=1))) == 1


def test_a_suppressed_phone_is_skipped_for_good_and_the_next_one_leaves_at_once() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    bad, good = make_messages(campaign, connection, 2)
    Suppression.objects.create(account=account, phone=bad.phone, reason="opt_out")

    assert ids(claim()) == [good.pk]

    bad.refresh_from_db()
    assert (bad.status, bad.reason) == ("skipped", "suppressed_opt_out")
    assert counters(campaign) == {"skipped": 1, "sending": 1}
    assert reconcile_counters() == []


def test_another_accounts_suppression_and_memory_mean_nothing() -> None:
    account, other = make_sender(frequency_cap_days=7), make_sender()
    connection = make_connection(account)
    (row,) = make_messages(make_campaign(account, connection), connection, 1)
    Suppression.objects.create(account=other, phone=row.phone, reason="opt_out")
    ContactMemory.objects.create(account=other, phone=row.phone, message_ref=0, last_sent_at=NOW)
    assert ids(claim()) == [row.pk]


def test_a_lane_whose_heads_were_all_skipped_looks_again_at_once() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    rows = make_messages(campaign, connection, 6)
    Suppression.objects.bulk_create(Suppression(account=account, phone=row.phone, reason="opt_out") for row in rows[:5])

    assert claim() == []
    assert lane_of(connection).wake_at == NOW
    assert ids(claim()) == [rows[5].pk]
    assert counters(campaign) == {"skipped": 5, "sending": 1}


def test_a_phone_that_is_being_written_to_is_passed_over_not_skipped() -> None:
    account = make_sender()
    first, second = make_connection(account), make_connection(account)
    one, two = make_campaign(account, first), make_campaign(account, second)
    make_messages(one, first, 1, phones=["+5511970000001"])
    passed, next_one = make_messages(two, second, 2, phones=["+5511970000001", "+5511970000002"])
    SendLane.objects.filter(connection=second).update(wake_at=LONG_AGO + SECOND)

    assert len(claim()) == 2

    passed.refresh_from_db()
    next_one.refresh_from_db()
    assert (passed.status, next_one.status) == ("queued", "sending")


def test_where_only_a_phone_in_flight_is_left_the_lane_looks_again_in_five_seconds() -> None:
    account = make_sender()
    first, second = make_connection(account), make_connection(account)
    make_messages(make_campaign(account, first), first, 1, phones=["+5511970000001"])
    (taken,) = claim()
    (passed,) = make_messages(make_campaign(account, second), second, 1, phones=["+5511970000001"])

    assert claim() == []
    assert lane_of(second).wake_at == NOW + 5 * SECOND
    record(answer(taken))
    assert ids(claim(NOW + 5 * SECOND)) == [passed.pk]


def test_the_same_phone_in_another_account_is_free() -> None:
    for _ in range(2):
        account = make_sender()
        connection = make_connection(account)
        make_messages(make_campaign(account, connection), connection, 1, phones=["+5511970000001"])
    assert len(claim()) == 2


@pytest.mark.parametrize(("ago_days", "leaves"), [(0, False), (6.99, False), (7, True)])
def test_a_phone_inside_the_frequency_cap_is_skipped_for_good(ago_days: float, leaves: bool) -> None:
    account = make_sender(frequency_cap_days=7)
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    (row,) = make_messages(campaign, connection, 1)
    at = NOW - dt.timedelta(days=ago_days)
    ContactMemory.objects.create(account=account, phone=row.phone, message_ref=0, last_sent_at=at)

    assert bool(claim()) is leaves
    assert counters(campaign) == ({"sending": 1} if leaves else {"skipped": 1})


def test_the_frequency_gate_ignores_what_the_message_itself_left() -> None:
    account = make_sender(frequency_cap_days=7)
    connection = make_connection(account)
    (row,) = make_messages(make_campaign(account, connection), connection, 1)
    ContactMemory.objects.create(account=account, phone=row.phone, message_ref=row.pk, last_sent_at=NOW)
    assert ids(claim()) == [row.pk]


def test_who_answered_the_campaign_is_not_written_to_by_it_again() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign, other = make_campaign(account, connection), make_campaign(account, connection)
    (row,) = make_messages(campaign, connection, 1)
    (same_person,) = make_messages(other, connection, 1, phones=[row.phone])
    Reply.objects.create(
        account=account, connection=connection, phone=row.phone, message=row, gateway_message_id="R1", text="Oi"
    )

    assert ids(claim()) == [same_person.pk]

    row.refresh_from_db()
    assert (row.status, row.reason) == ("skipped", "replied_before")


def test_a_staging_system_writes_only_to_its_list(settings: Settings) -> None:
    settings.SEND_ONLY_TO = ["+5511970000002"]
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    stranger, friend = make_messages(campaign, connection, 2, phones=["+5511970000001", "+5511970000002"])

    assert ids(claim()) == [friend.pk]
    stranger.refresh_from_db()
    assert (stranger.status, stranger.reason) == ("skipped", "not_on_staging_list")


def test_a_host_gets_no_more_calls_than_its_share_and_its_open_calls_count() -> None:
    account = make_sender()
    for host in ("slow", "slow", "slow", "quick"):
        connection = make_connection(account, host=host)
        make_messages(make_campaign(account, connection), connection, 1)

    taken = claim(space=room(total=9, per_host=3, slow=1))

    assert sorted(one.host for one in taken) == ["quick", "slow", "slow"]
    assert [one.host for one in claim(space=room(total=9, per_host=3, slow=3))] == []
    assert [one.host for one in claim(space=room(total=9, per_host=3, slow=2))] == ["slow"]


def test_without_room_nothing_is_claimed() -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 1)
    assert claim(space=room(total=0)) == []


def test_a_lane_with_nothing_queued_waits_for_an_event() -> None:
    account = make_sender()
    connection = make_connection(account)
    make_campaign(account, connection)
    SendLane.objects.update(wake_at=LONG_AGO)
    assert claim() == []
    assert lane_of(connection).wake_at is None


def test_a_lane_whose_lease_ran_out_is_settled_and_takes_nothing_in_that_batch() -> None:
    account = make_sender()
    connection = make_connection(account, gap_s=2)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 2)
    (lost,) = claim()

    now = NOW + LEASE_OVER + 2 * SECOND
    assert claim(now) == []
    assert message(lost).status == "unconfirmed"
    assert counters(campaign) == {"queued": 1, "unconfirmed": 1}
    assert lane_of(connection).wake_at == now
    assert len(claim(now)) == 1
    assert reconcile_counters() == []


@pytest.mark.parametrize(("checked_days_ago", "wa_id"), [(1, "556199990002"), (31, ""), (None, "")])
def test_a_missing_or_stale_id_is_asked_for_again(checked_days_ago: int | None, wa_id: str) -> None:
    account = make_sender()
    connection = make_connection(account)
    lead = make_list(account, leads=1).leads.get()
    checked_at = None if checked_days_ago is None else NOW - dt.timedelta(days=checked_days_ago)
    Lead.objects.update(
        wa_id="556199990002", wa_id_checked_at=checked_at, wa_candidates=["5561999990002", "556199990002"]
    )
    make_messages(make_campaign(account, connection), connection, 1)
    CampaignMessage.objects.update(lead=lead)

    (taken,) = claim()

    assert (taken.wa_id, taken.candidates) == (wa_id, ("5561999990002", "556199990002"))


def test_a_message_without_its_lead_still_leaves_from_the_campaigns_own_snapshot() -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 1, phones=["+5511970000001"])
    (taken,) = claim()
    assert (taken.wa_id, taken.candidates, taken.body) == ("", ("5511970000001",), "Oi 0")
