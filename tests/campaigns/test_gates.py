"""The one verdict: a table per gate, and what must hold for any input."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain import gates, pacing
from campaigns.domain.gates import Answer, CampaignFacts, Head, LaneCandidates, MessageFacts, Tally
from tests.campaigns.clocks import moments

NOW = dt.datetime(2026, 11, 25, 15, 0, tzinfo=dt.UTC)  # Wednesday, noon in São Paulo
TODAY = dt.date(2026, 11, 25)
MIDNIGHT = dt.datetime(2026, 11, 26, 3, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
OPEN = pacing.Window.of([[[0, 1440]]] * 7)

ACCOUNT = gates.AccountFacts(
    account_id=1,
    time_zone="America/Sao_Paulo",
    send_until=NOW + dt.timedelta(days=1),
    daily_limit=100,
    daily_per_number=50,
    min_gap_s=0,
    halted_reason="",
    used_on=TODAY,
    used_count=0,
    frequency_cap_days=7,
)
LANE = gates.LaneFacts(
    lane_id=1,
    connected=True,
    archived=False,
    rest_until=None,
    rest_reason="",
    daily_cap=None,
    used_on=TODAY,
    used_count=0,
)
CAMPAIGN = CampaignFacts(campaign_id=1, window=OPEN, daily_cap=None, used_on=TODAY, used_count=0)
MESSAGE = MessageFacts(
    message_id=1,
    phone="+5511970000001",
    body_complete=True,
    suppressed="",
    phone_in_flight=False,
    contacted_at=None,
    replied=False,
    on_staging_list=True,
)


def candidates(
    *campaigns: tuple[CampaignFacts, list[MessageFacts]], account: gates.AccountFacts = ACCOUNT
) -> LaneCandidates:
    turns = tuple((facts, tuple(Head(one, facts.campaign_id) for one in heads)) for facts, heads in campaigns)
    return LaneCandidates(LANE, account, turns)


@pytest.mark.parametrize(
    ("change", "reason", "until"),
    [
        ({}, "", None),
        ({"halted_reason": "abuse"}, "account_halted", None),
        ({"send_until": None}, "licence_lapsed", None),
        ({"send_until": NOW}, "licence_lapsed", None),
        ({"send_until": NOW + SECOND}, "", None),
        ({"used_count": 99}, "", None),
        ({"used_count": 100}, "account_daily_limit", MIDNIGHT),
        ({"used_count": 100, "used_on": TODAY - dt.timedelta(days=1)}, "", None),
        (
            {"used_count": 100, "used_on": TODAY + dt.timedelta(days=1)},
            "account_daily_limit",
            MIDNIGHT + dt.timedelta(days=1),
        ),
        ({"daily_limit": 0}, "account_daily_limit", None),
    ],
)
def test_the_account_gate(change: dict[str, object], reason: str, until: dt.datetime | None) -> None:
    verdict = gates.account_verdict(replace(ACCOUNT, **change), now=NOW, tally=Tally())  # type: ignore[arg-type]
    assert (verdict.reason, verdict.until) == (reason, until)
    assert verdict.may_send == (not reason)


@pytest.mark.parametrize(
    ("change", "reason", "until"),
    [
        ({}, "", None),
        ({"archived": True}, "connection_removed", None),
        ({"connected": False}, "disconnected", None),
        ({"rest_until": NOW + SECOND, "rest_reason": "rate_limited"}, "resting", NOW + SECOND),
        ({"rest_until": NOW}, "", None),
        ({"used_count": 49}, "", None),
        ({"used_count": 50}, "lane_daily_limit", MIDNIGHT),
        ({"used_count": 50, "used_on": TODAY - dt.timedelta(days=1)}, "", None),
        ({"daily_cap": 10, "used_count": 10}, "lane_daily_limit", MIDNIGHT),
        ({"daily_cap": 500, "used_count": 50}, "lane_daily_limit", MIDNIGHT),
        ({"daily_cap": 0}, "lane_daily_limit", None),
    ],
)
def test_the_gate_of_a_number(change: dict[str, object], reason: str, until: dt.datetime | None) -> None:
    verdict = gates.lane_verdict(replace(LANE, **change), ACCOUNT, now=NOW, tally=Tally())  # type: ignore[arg-type]
    assert (verdict.reason, verdict.until) == (reason, until)


def test_the_accounts_verdict_stands_before_the_numbers() -> None:
    verdict = gates.lane_verdict(
        replace(LANE, connected=False), replace(ACCOUNT, send_until=None), now=NOW, tally=Tally()
    )
    assert verdict.reason == "licence_lapsed"


@pytest.mark.parametrize(
    ("change", "reason", "until"),
    [
        ({}, "", None),
        ({"window": pacing.Window.of([[[13 * 60, 14 * 60]]] * 7)}, "outside_window", NOW + dt.timedelta(hours=1)),
        ({"window": pacing.Window.of([[[0, 1440]]] * 7, skip_holidays=True)}, "", None),
        ({"daily_cap": 5, "used_count": 4}, "", None),
        ({"daily_cap": 5, "used_count": 5}, "campaign_daily_limit", MIDNIGHT),
        ({"daily_cap": 5, "used_count": 5, "used_on": None}, "", None),
        ({"daily_cap": 0}, "campaign_daily_limit", None),
    ],
)
def test_the_gate_of_a_campaign(change: dict[str, object], reason: str, until: dt.datetime | None) -> None:
    verdict = gates.campaign_verdict(replace(CAMPAIGN, **change), ACCOUNT, now=NOW, tally=Tally())  # type: ignore[arg-type]
    assert (verdict.reason, verdict.until) == (reason, until)


def test_a_holiday_closes_the_window_of_a_campaign_that_asked_for_it() -> None:
    christmas = dt.datetime(2026, 12, 25, 15, tzinfo=dt.UTC)
    silent = replace(CAMPAIGN, window=pacing.Window.of([[[0, 1440]]] * 7, skip_holidays=True))

    verdict = gates.campaign_verdict(silent, ACCOUNT, now=christmas, tally=Tally())

    assert (verdict.reason, verdict.compared) == ("holiday", {"holiday": "Natal"})
    assert verdict.until == dt.datetime(2026, 12, 26, 3, tzinfo=dt.UTC)
    assert gates.campaign_verdict(CAMPAIGN, ACCOUNT, now=christmas, tally=Tally()).may_send


@pytest.mark.parametrize(
    ("change", "answer", "reason"),
    [
        ({}, Answer.SEND, ""),
        ({"suppressed": "opt_out"}, Answer.SKIP, "suppressed_opt_out"),
        ({"on_staging_list": False}, Answer.SKIP, "not_on_staging_list"),
        ({"body_complete": False}, Answer.SKIP, "blank_placeholder"),
        ({"replied": True}, Answer.SKIP, "replied_before"),
        ({"contacted_at": NOW - dt.timedelta(days=7) + SECOND}, Answer.SKIP, "contacted_recently"),
        ({"contacted_at": NOW - dt.timedelta(days=7)}, Answer.SEND, ""),
        ({"phone_in_flight": True}, Answer.DEFER, "phone_in_flight"),
        ({"phone_in_flight": True, "contacted_at": NOW}, Answer.DEFER, "phone_in_flight"),
        ({"phone_in_flight": True, "suppressed": "opt_out"}, Answer.SKIP, "suppressed_opt_out"),
    ],
)
def test_the_gate_of_a_message(change: dict[str, object], answer: Answer, reason: str) -> None:
    verdict = gates.message_verdict(replace(MESSAGE, **change), ACCOUNT, now=NOW, tally=Tally())  # type: ignore[arg-type]
    assert (verdict.answer, verdict.reason) == (answer, reason)


def test_no_frequency_cap_lets_a_phone_be_written_to_again_at_once() -> None:
    message = replace(MESSAGE, contacted_at=NOW)
    verdict = gates.message_verdict(message, replace(ACCOUNT, frequency_cap_days=0), now=NOW, tally=Tally())
    assert verdict.may_send


def test_a_phone_that_this_batch_took_is_passed_over_in_the_account_and_free_in_another() -> None:
    tally = Tally()
    tally.take(account_id=1, campaign_id=1, phone=MESSAGE.phone)
    assert gates.message_verdict(MESSAGE, ACCOUNT, now=NOW, tally=tally).answer is Answer.DEFER
    assert gates.message_verdict(MESSAGE, replace(ACCOUNT, account_id=2), now=NOW, tally=tally).may_send


def test_the_least_recently_served_campaign_gives_the_message() -> None:
    second = replace(CAMPAIGN, campaign_id=2)
    decision = gates.decide_lane(candidates((CAMPAIGN, [MESSAGE]), (second, [MESSAGE])), now=NOW, tally=Tally())
    assert decision.take is not None
    assert decision.take.campaign_id == 1


def test_a_campaign_that_must_wait_leaves_its_turn_to_the_next() -> None:
    closed = replace(CAMPAIGN, daily_cap=0)
    decision = gates.decide_lane(
        candidates((closed, [MESSAGE]), (replace(CAMPAIGN, campaign_id=2), [MESSAGE])), now=NOW, tally=Tally()
    )
    assert decision.take is not None
    assert decision.take.campaign_id == 2


def test_skipped_heads_are_named_and_the_next_one_is_taken() -> None:
    bad, good = replace(MESSAGE, suppressed="opt_out"), replace(MESSAGE, message_id=2)
    decision = gates.decide_lane(candidates((CAMPAIGN, [bad, good])), now=NOW, tally=Tally())
    assert decision.take is not None
    assert decision.take.message.message_id == 2
    assert [(head.message.message_id, reason) for head, reason in decision.skips] == [(1, "suppressed_opt_out")]


IN_FLIGHT = replace(MESSAGE, phone_in_flight=True)
SUPPRESSED = replace(MESSAGE, suppressed="manual")
LATER = replace(CAMPAIGN, campaign_id=2, window=pacing.Window.of([[[14 * 60, 15 * 60]]] * 7))


@pytest.mark.parametrize(
    ("turns", "wake_at"),
    [
        ([(CAMPAIGN, [SUPPRESSED])], NOW),
        ([(CAMPAIGN, [SUPPRESSED, IN_FLIGHT]), (LATER, [MESSAGE])], NOW),
        ([(CAMPAIGN, [IN_FLIGHT])], NOW + dt.timedelta(seconds=5)),
        ([(CAMPAIGN, [IN_FLIGHT]), (LATER, [MESSAGE])], NOW + dt.timedelta(seconds=5)),
        ([(LATER, [MESSAGE])], NOW + dt.timedelta(hours=2)),
        ([(LATER, [MESSAGE]), (replace(CAMPAIGN, daily_cap=0), [MESSAGE])], NOW + dt.timedelta(hours=2)),
        ([(replace(CAMPAIGN, daily_cap=0), [MESSAGE])], None),
        ([], None),
    ],
    ids=["skipped", "skip wins", "passed over", "passed over wins", "window", "earliest", "event", "nothing queued"],
)
def test_when_a_lane_that_takes_nothing_looks_again(
    turns: list[tuple[CampaignFacts, list[MessageFacts]]], wake_at: dt.datetime | None
) -> None:
    decision = gates.decide_lane(candidates(*turns), now=NOW, tally=Tally())
    assert decision.take is None
    assert decision.wake_at == wake_at


@given(lanes=st.integers(1, 40), limit=st.integers(0, 45), used=st.integers(0, 45))
def test_a_batch_takes_exactly_what_the_account_has_left(lanes: int, limit: int, used: int) -> None:
    account, tally = replace(ACCOUNT, daily_limit=limit, used_count=used), Tally()
    messages = [replace(MESSAGE, message_id=n, phone=f"+55119700{n:05}") for n in range(lanes)]
    decisions = [
        gates.decide_lane(candidates((CAMPAIGN, [one]), account=account), now=NOW, tally=tally) for one in messages
    ]
    assert sum(decision.take is not None for decision in decisions) == min(lanes, max(limit - used, 0))


@given(lanes=st.integers(1, 30), cap=st.integers(0, 35), used=st.integers(0, 35))
def test_a_batch_takes_exactly_what_the_campaign_has_left(lanes: int, cap: int, used: int) -> None:
    campaign, tally = replace(CAMPAIGN, daily_cap=cap, used_count=used), Tally()
    messages = [replace(MESSAGE, message_id=n, phone=f"+55119700{n:05}") for n in range(lanes)]
    decisions = [gates.decide_lane(candidates((campaign, [one])), now=NOW, tally=tally) for one in messages]
    assert sum(decision.take is not None for decision in decisions) == min(lanes, max(cap - used, 0))


@given(phones=st.lists(st.sampled_from("abcde"), min_size=1, max_size=20))
def test_a_batch_never_writes_to_one_phone_twice(phones: list[str]) -> None:
    tally = Tally()
    messages = [replace(MESSAGE, message_id=n, phone=phone) for n, phone in enumerate(phones)]
    decisions = [gates.decide_lane(candidates((CAMPAIGN, [one])), now=NOW, tally=tally) for one in messages]
    taken = [decision.take.message.phone for decision in decisions if decision.take]
    assert sorted(taken) == sorted(set(phones))


@given(
    now=moments,
    zone=st.sampled_from(["America/Sao_Paulo", "America/New_York", "Europe/Lisbon", "Pacific/Apia"]),
    used=st.integers(0, 3),
    limit=st.integers(1, 3),
    rest=st.none() | st.integers(-5, 5),
)
def test_a_wait_names_an_end_in_the_future_after_which_that_gate_is_open(
    now: dt.datetime, zone: str, used: int, limit: int, rest: int | None
) -> None:
    account = replace(
        ACCOUNT,
        time_zone=zone,
        send_until=now + dt.timedelta(days=10),
        daily_limit=limit,
        used_on=pacing.usage_day(now=now, time_zone=zone, used_on=None),
        used_count=used,
    )
    lane = replace(LANE, rest_until=None if rest is None else now + dt.timedelta(seconds=rest), used_on=None)
    verdict = gates.lane_verdict(lane, account, now=now, tally=Tally())
    while not verdict.may_send:
        assert verdict.until is not None
        assert verdict.until > now
        reason, now = verdict.reason, verdict.until
        verdict = gates.lane_verdict(lane, account, now=now, tally=Tally())
        assert verdict.reason != reason


@pytest.mark.parametrize("days", [0, 1, 400])
@pytest.mark.parametrize(
    "message",
    [
        replace(MESSAGE, suppressed="opt_out"),
        replace(MESSAGE, replied=True),
        replace(MESSAGE, on_staging_list=False),
        replace(MESSAGE, body_complete=False),
    ],
)
def test_no_passing_time_makes_a_skipped_message_good(message: MessageFacts, days: int) -> None:
    later = NOW + dt.timedelta(days=days)
    assert gates.message_verdict(message, ACCOUNT, now=later, tally=Tally()).answer is Answer.SKIP
