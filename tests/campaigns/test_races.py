"""What happens at the same time: never twice, never over a limit, and one account's trouble is its own."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from accounts import clock
from accounts.models import Account
from billing.models import SendAllowance
from billing.services import allowance
from campaigns.models import Campaign, CampaignMessage, Connection, SendLane
from campaigns.services import claim_write, lifecycle, locks, pump, rescue, suppressions, sweep
from campaigns.services.claim import Claimed
from campaigns.services.reconcile import reconcile_counters
from campaigns.services.record import record_batch
from leads_infinitos.sandbox.client import SandboxClient
from leads_infinitos.sandbox.running import running_sandbox
from tests.campaigns.engine import LEASE_OVER, NOT_SENT, SECOND, answer, claim, message, record, room
from tests.campaigns.rows import NOW, counters, make_campaign, make_connection, make_messages, make_sender
from tests.campaigns.threads import PATIENCE_S, done_or_blocked, held, start, together

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one transaction write at a time"),
    pytest.mark.django_db(transaction=True),
]
HOUR = dt.timedelta(hours=1)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client


def make_pile(*, lanes: int = 1, each: int = 1, **account: Any) -> tuple[Account, Campaign, list[Connection]]:
    owner = make_sender(**account)
    connections = [make_connection(owner) for _ in range(lanes)]
    campaign = make_campaign(owner, *connections)
    for one in connections:
        make_messages(campaign, one, each)
    return owner, campaign, connections


def work_until_nothing_is_due() -> list[int]:
    """Claim and record as a sender does, on a clock of its own; gives the messages it sent."""
    sent: list[int] = []
    for second in range(200):
        taken = claim(NOW + second * SECOND, space=room(total=16))
        record_batch([answer(one, after_s=0.1) for one in taken], now=NOW + second * SECOND)
        sent += [one.message_id for one in taken]
        if not taken and second > 60:
            break
    return sent


def test_four_claimers_on_one_pile_send_nothing_twice_and_exactly_the_quota() -> None:
    account, campaign, _ = make_pile(lanes=12, each=20, daily_limit=150)

    sent = [one for result in together(*[work_until_nothing_is_due] * 4) for one in result]

    assert len(sent) == len(set(sent)) == 150
    assert counters(campaign) == {"queued": 90, "sent": 150}
    account.send_allowance.refresh_from_db()
    assert account.send_allowance.used_count == 150
    assert sum(SendLane.objects.values_list("used_count", flat=True)) == 150
    assert reconcile_counters() == []


def test_claimers_of_different_accounts_do_not_wait_for_each_other() -> None:
    owner, _, _ = make_pile()
    make_pile()
    with held(lambda: locks.lock_account(owner.pk)):
        taken = start(claim).result(PATIENCE_S)
    assert [one.account_id for one in taken] != [owner.pk]
    assert len(taken) == 1


def test_one_locked_account_does_not_fill_the_slots_of_its_host() -> None:
    owner, _, _ = make_pile(lanes=5)
    _, other, _ = make_pile(lanes=3)
    SendLane.objects.filter(account=owner).update(wake_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    SendLane.objects.exclude(account=owner).update(wake_at=NOW)
    with held(lambda: locks.lock_account(owner.pk)):
        taken = start(lambda: claim(space=room(total=2, per_host=2))).result(PATIENCE_S)
    assert [one.campaign_id for one in taken] == [other.pk] * 2


@pytest.mark.parametrize("what", ["campaign", "lane"])
def test_a_long_lock_on_one_accounts_rows_stops_no_other_accounts_claim(what: str) -> None:
    owner, campaign, _ = make_pile(lanes=2)
    _, other, _ = make_pile(lanes=2)
    lock: dict[str, Callable[[], object]] = {
        "campaign": lambda: locks.lock_campaigns([campaign.pk]),
        "lane": lambda: locks.lock_lanes(account_ids=[owner.pk]),
    }
    with held(lock[what]):
        taken = start(claim).result(PATIENCE_S)
    assert [one.campaign_id for one in taken] == [other.pk] * 2
    later = NOW + dt.timedelta(minutes=1)
    assert [one.campaign_id for one in claim(later)] == [campaign.pk] * 2


def test_a_long_lock_on_one_accounts_campaign_stops_no_other_accounts_record() -> None:
    _, campaign, _ = make_pile(lanes=2)
    _, other, _ = make_pile(lanes=2)
    answers = [answer(one) for one in claim()]
    with held(lambda: locks.lock_campaigns([campaign.pk])):
        recorded = start(lambda: record_batch(answers, now=NOW + SECOND)).result(PATIENCE_S)
        assert counters(other) == {"sent": 2}
    assert {one.claimed.campaign_id for one in recorded.left} == {campaign.pk}
    assert record(*recorded.left) == 2
    assert counters(campaign) == {"sent": 2}


def test_a_long_lock_on_one_account_stops_no_other_accounts_rescue_and_wake() -> None:
    owner, campaign, _ = make_pile()
    _, other, _ = make_pile(each=2)
    claim()
    with held(lambda: (locks.lock_account(owner.pk), locks.lock_campaigns([campaign.pk]))):
        assert start(lambda: rescue.rescue_expired(now=NOW + LEASE_OVER)).result(PATIENCE_S) == 1
        SendLane.objects.exclude(account=owner).update(wake_at=None)
        assert start(lambda: sweep.wake_sleeping(now=NOW + LEASE_OVER)).result(PATIENCE_S) == 1
    assert counters(other) == {"queued": 1, "unconfirmed": 1}


def test_a_pause_under_way_is_not_waited_for_and_nothing_of_it_leaves() -> None:
    owner, campaign, _ = make_pile()

    with held(lambda: (locks.lock_account(owner.pk), lifecycle.pause_campaign(campaign=campaign))):
        assert start(claim).result(PATIENCE_S) == []
    assert claim() == []
    assert counters(campaign) == {"queued": 1}


@pytest.fixture
def claim_held_before_writing(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """(reached, release): a claim has locked, read and decided, and waits to write."""
    reached, release = threading.Event(), threading.Event()
    write = claim_write.write

    def waits(**fields: Any) -> None:
        reached.set()
        release.wait(PATIENCE_S)
        write(**fields)

    monkeypatch.setattr(claim_write, "write", waits)
    return reached, release


def test_a_pause_that_meets_a_claim_waits_and_then_holds(
    claim_held_before_writing: tuple[threading.Event, threading.Event],
) -> None:
    reached, release = claim_held_before_writing
    _, campaign, _ = make_pile(each=2)
    claimer = start(claim)
    assert reached.wait(PATIENCE_S)
    pauser = start(lambda: lifecycle.pause_campaign(campaign=campaign))
    done_or_blocked(pauser)
    assert not pauser.done(), "answered while a claim that does not know of it could still commit"
    release.set()

    assert len(claimer.result(PATIENCE_S)) == 1
    assert pauser.result(PATIENCE_S).status == "paused"
    record(answer(claimer.result()[0]))
    assert claim(NOW + HOUR) == []


def test_a_wake_that_meets_a_claim_that_found_nothing_comes_after_it(
    claim_held_before_writing: tuple[threading.Event, threading.Event],
) -> None:
    reached, release = claim_held_before_writing
    account, _, _ = make_pile()
    SendAllowance.objects.update(halted_reason="test")
    claimer = start(claim)
    assert reached.wait(PATIENCE_S)
    waker = start(lambda: allowance.lift_halt(account=account, now=NOW))
    release.set()

    assert claimer.result(PATIENCE_S) == []
    waker.result(PATIENCE_S)
    assert SendLane.objects.get().wake_at == NOW
    assert len(claim()) == 1


def test_an_opt_out_that_meets_a_claim_is_in_force_for_the_next(
    claim_held_before_writing: tuple[threading.Event, threading.Event],
) -> None:
    reached, release = claim_held_before_writing
    account, first, (number,) = make_pile()
    phone = CampaignMessage.objects.get().phone
    second = make_campaign(account, number)
    make_messages(second, number, 1, phones=[phone])
    claimer = start(claim)
    assert reached.wait(PATIENCE_S)
    leaver = start(lambda: suppressions.suppress(account=account, phone=phone, reason="opt_out", now=NOW))
    done_or_blocked(leaver)
    assert not leaver.done(), "answered while a claim that does not know of it could still commit"
    release.set()

    (taken,) = claimer.result(PATIENCE_S)
    leaver.result(PATIENCE_S)
    record(answer(taken))
    assert claim(NOW + HOUR) == []
    assert sorted([*counters(first), *counters(second)]) == ["sent", "skipped"]


@pytest.mark.parametrize("round_", range(5))
def test_a_cancel_that_meets_a_record_leaves_nothing_in_the_queue(round_: int) -> None:
    _, campaign, _ = make_pile(lanes=6, each=2)
    answers = [answer(one, NOT_SENT) for one in claim()]

    def cancel() -> int:
        return lifecycle.cancel_campaign(campaign=campaign, now=NOW).pk

    together(lambda: record(*answers), cancel, lambda: lifecycle.cancel_queued(now=NOW))

    lifecycle.cancel_queued(now=NOW)
    assert counters(campaign) == {"cancelled": 12}
    assert reconcile_counters() == []
    assert claim(NOW + HOUR) == []


@pytest.mark.parametrize("round_", range(5))
def test_a_rescue_that_meets_the_answers_loses_none_and_counts_each_once(round_: int) -> None:
    _, campaign, _ = make_pile(lanes=8)
    answers = [answer(one, after_s=46) for one in claim()]

    def record_one_by_one() -> int:
        return sum(record_batch([one], now=NOW + LEASE_OVER).count for one in answers)

    settled, _ = together(record_one_by_one, lambda: rescue.rescue_expired(now=NOW + LEASE_OVER))

    assert settled == 8

    assert counters(campaign) == {"sent": 8}
    assert reconcile_counters() == []


@pytest.mark.parametrize("settles", [claim, lambda now: rescue.rescue_expired(now=now)], ids=["claim", "rescue"])
def test_an_answer_that_is_being_written_when_its_lease_ends_is_not_overwritten(
    settles: Callable[[dt.datetime], object],
) -> None:
    _, campaign, _ = make_pile(each=2)
    (taken,) = claim()
    with held(lambda: record(answer(taken, after_s=46))):
        settling = start(lambda: settles(NOW + LEASE_OVER))
        done_or_blocked(settling)
    settling.result(PATIENCE_S)
    assert counters(campaign) == {"queued": 1, "sent": 1}
    assert message(taken).status == "sent"
    assert SendLane.objects.get().not_before == NOW + 46 * SECOND


@pytest.mark.parametrize("round_", range(5))
def test_one_phone_in_two_campaigns_and_two_numbers_is_written_to_once(round_: int) -> None:
    account = make_sender(frequency_cap_days=7)
    numbers = [make_connection(account) for _ in range(2)]
    campaigns = [make_campaign(account, number) for number in numbers]
    for campaign, number in zip(campaigns, numbers, strict=True):
        make_messages(campaign, number, 1, phones=["+5511970000001"])

    sent = [one for result in together(*[work_until_nothing_is_due] * 3) for one in result]

    assert len(sent) == 1
    assert sorted([*counters(campaigns[0]), *counters(campaigns[1])]) == ["sent", "skipped"]


def test_an_answer_recorded_while_a_claim_reads_hides_its_phone_from_no_reading() -> None:
    account = make_sender(frequency_cap_days=7)
    first, second = make_connection(account), make_connection(account)
    make_messages(make_campaign(account, first), first, 1, phones=["+5511970000001"])
    (taken,) = claim()
    make_messages(make_campaign(account, second), second, 1, phones=["+5511970000001"])
    recorded: list[int] = []

    def record_between(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        reads_phones = "campaigns_contactmemory" in sql or ('"status" = ' in sql and '"phone" IN' in sql)
        if reads_phones and not recorded:
            recorded.append(start(lambda: record(answer(taken))).result(PATIENCE_S))
        return result

    with connection.execute_wrapper(record_between):
        assert claim(NOW + 2 * SECOND) == []
    assert recorded == [1]
    assert claim(NOW + 10 * SECOND) == []
    assert CampaignMessage.objects.filter(status="skipped", reason="contacted_recently").count() == 1


def test_a_licence_that_lapses_while_a_message_is_on_its_way_stops_the_next() -> None:
    _, campaign, _ = make_pile(each=2)
    (taken,) = claim()
    SendAllowance.objects.update(send_until=NOW)
    record(answer(taken))
    assert claim(NOW + HOUR) == []
    assert counters(campaign) == {"queued": 1, "sent": 1}


@pytest.mark.parametrize("round_", range(5))
def test_a_late_answer_that_meets_the_next_claim_of_its_number_settles_only_its_message(round_: int) -> None:
    _, campaign, _ = make_pile(each=2)
    (lost,) = claim()
    later = NOW + dt.timedelta(minutes=2)
    rescue.rescue_expired(now=later)

    def claim_next() -> list[Claimed]:
        return claim(later)

    def record_late() -> list[Claimed]:
        record(answer(lost, after_s=121))
        return []

    claimed, _ = together(claim_next, record_late)

    (taken,) = claimed or claim(later)
    assert SendLane.objects.get().in_flight_token == taken.token
    assert counters(campaign) == {"sending": 1, "sent": 1}
    assert reconcile_counters() == []


def test_two_pumps_on_one_pile_send_each_message_once(sandbox: SandboxClient, settings: Settings) -> None:
    settings.PUMP_CALLS = 8
    account = make_sender()
    numbers = [make_connection(account, sandbox) for _ in range(12)]
    campaign = make_campaign(account, *numbers)
    for number in numbers:
        make_messages(campaign, number, 10)
    before = len(sandbox.accepted())

    def run_until_all_left() -> int:
        recorded = 0
        while CampaignMessage.objects.filter(status__in=["queued", "sending"]).exists():
            recorded += pump._Pump(budget_s=30, now=clock.now).run().recorded
        return recorded

    recorded = together(run_until_all_left, run_until_all_left)

    accepted = sandbox.accepted()[before:]
    assert len(accepted) == len({line.phone for line in accepted}) == 120
    assert sum(recorded) == 120
    assert counters(campaign) == {"sent": 120}
    assert reconcile_counters() == []
