"""The one verdict: may this leave now? Values in, verdict out; the claim, the forecast and "por que não foi enviada" ask it.

Lane, then campaign, then message. A wait names its end, or None when only an event can end it; a skip is for good.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from campaigns.domain import pacing


class Answer(StrEnum):
    SEND = "send"
    WAIT = "wait"  # not now; `until` says when, None: an event must come first
    SKIP = "skip"  # never, for this message
    DEFER = "defer"  # not in this batch: the same phone is being written to right now


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer with the reason (a code that texts.py words), the earliest other time, and the values compared."""

    answer: Answer
    reason: str = ""
    until: dt.datetime | None = None
    compared: dict[str, object] = field(default_factory=dict)

    @property
    def may_send(self) -> bool:
        return self.answer is Answer.SEND


SEND = Verdict(Answer.SEND)


def _wait(reason: str, until: dt.datetime | None = None, **compared: object) -> Verdict:
    return Verdict(Answer.WAIT, reason, until, compared)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What an account may send, from its allowance: the row that is locked while this is read."""

    account_id: int
    time_zone: str
    send_until: dt.datetime | None
    daily_limit: int
    daily_per_number: int
    min_gap_s: float
    halted_reason: str
    used_on: dt.date | None
    used_count: int
    frequency_cap_days: int


@dataclass(frozen=True, slots=True)
class LaneFacts:
    lane_id: int
    connected: bool
    archived: bool
    rest_until: dt.datetime | None
    rest_reason: str
    daily_cap: int | None
    used_on: dt.date | None
    used_count: int


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    campaign_id: int
    window: pacing.Window
    daily_cap: int | None
    used_on: dt.date | None
    used_count: int


@dataclass(frozen=True, slots=True)
class MessageFacts:
    message_id: int
    phone: str
    body_complete: bool  # no hole left open
    suppressed: str  # reason of the suppression, "" when there is none
    phone_in_flight: bool  # another message to this phone is `sending` in the account
    contacted_at: dt.datetime | None  # last time, by another message, that the phone was or may have been written to
    replied: bool  # the phone answered this campaign
    on_staging_list: bool  # SEND_ONLY_TO names it, or is off


@dataclass(slots=True)
class Tally:
    """What this batch already took, so that each decision sees the earlier ones."""

    accounts: dict[int, int] = field(default_factory=dict)
    campaigns: dict[int, int] = field(default_factory=dict)
    phones: set[tuple[int, str]] = field(default_factory=set)

    def take(self, *, account_id: int, campaign_id: int, phone: str) -> None:
        self.accounts[account_id] = self.accounts.get(account_id, 0) + 1
        self.campaigns[campaign_id] = self.campaigns.get(campaign_id, 0) + 1
        self.phones.add((account_id, phone))


def account_day(account: AccountFacts, *, now: dt.datetime) -> dt.date:
    """The local day on which a send at `now` counts: for the account, and for its numbers and campaigns alike."""
    return pacing.usage_day(now=now, time_zone=account.time_zone, used_on=account.used_on)


def used_on_day(day: dt.date, used_on: dt.date | None, used_count: int) -> int:
    """What a counter that restarts each day holds on `day`."""
    return used_count if used_on == day else 0


def account_verdict(account: AccountFacts, *, now: dt.datetime, tally: Tally) -> Verdict:
    """Halt, licence and the account's daily limit."""
    if account.halted_reason:
        return _wait("account_halted", halted=account.halted_reason)
    if account.send_until is None or account.send_until <= now:
        return _wait("licence_lapsed", send_until=account.send_until)
    day = account_day(account, now=now)
    used = used_on_day(day, account.used_on, account.used_count) + tally.accounts.get(account.account_id, 0)
    if used >= account.daily_limit:
        until = pacing.next_day_start(day, account.time_zone) if account.daily_limit else None
        return _wait("account_daily_limit", until, used=used, limit=account.daily_limit)
    return SEND


def lane_limit(lane: LaneFacts, account: AccountFacts) -> int:
    """Messages per local day of this number: its own cap, never above the plan's."""
    return account.daily_per_number if lane.daily_cap is None else min(lane.daily_cap, account.daily_per_number)


def lane_verdict(lane: LaneFacts, account: AccountFacts, *, now: dt.datetime, tally: Tally) -> Verdict:
    """The account's gates, then the number's: removed, disconnected, resting, over its daily limit."""
    verdict = account_verdict(account, now=now, tally=tally)
    if not verdict.may_send:
        return verdict
    if lane.archived:
        return _wait("connection_removed")
    if not lane.connected:
        return _wait("disconnected")
    if lane.rest_until is not None and lane.rest_until > now:
        return _wait("resting", lane.rest_until, why=lane.rest_reason)
    day = account_day(account, now=now)
    used, limit = used_on_day(day, lane.used_on, lane.used_count), lane_limit(lane, account)
    if used >= limit:
        until = pacing.next_day_start(day, account.time_zone) if limit else None
        return _wait("lane_daily_limit", until, used=used, limit=limit)
    return SEND


def campaign_verdict(campaign: CampaignFacts, account: AccountFacts, *, now: dt.datetime, tally: Tally) -> Verdict:
    """The campaign's window and its own daily limit."""
    if not campaign.window.is_open(now, account.time_zone):
        opens = campaign.window.next_open(now, account.time_zone)
        if holiday := campaign.window.holiday(now, account.time_zone):
            return _wait("holiday", opens, holiday=holiday)
        return _wait("outside_window", opens)
    if campaign.daily_cap is not None:
        day = account_day(account, now=now)
        used = used_on_day(day, campaign.used_on, campaign.used_count)
        used += tally.campaigns.get(campaign.campaign_id, 0)
        if used >= campaign.daily_cap:
            until = pacing.next_day_start(day, account.time_zone) if campaign.daily_cap else None
            return _wait("campaign_daily_limit", until, used=used, limit=campaign.daily_cap)
    return SEND


def message_verdict(message: MessageFacts, account: AccountFacts, *, now: dt.datetime, tally: Tally) -> Verdict:
    """Who must not be written to, and what must not be written. Everything here is for good, except a phone in flight."""
    if message.suppressed:
        return Verdict(Answer.SKIP, f"suppressed_{message.suppressed}")
    if not message.on_staging_list:
        return Verdict(Answer.SKIP, "not_on_staging_list")
    if not message.body_complete:
        return Verdict(Answer.SKIP, "blank_placeholder")
    if message.replied:
        return Verdict(Answer.SKIP, "replied_before")
    if message.phone_in_flight or (account.account_id, message.phone) in tally.phones:
        return Verdict(Answer.DEFER, "phone_in_flight")
    if account.frequency_cap_days and message.contacted_at is not None:
        free_at = message.contacted_at + dt.timedelta(days=account.frequency_cap_days)
        if free_at > now:
            compared = {"contacted_at": message.contacted_at, "days": account.frequency_cap_days}
            return Verdict(Answer.SKIP, "contacted_recently", None, compared)
    return SEND


@dataclass(frozen=True, slots=True)
class Head:
    """A message that is next in its campaign on a lane."""

    message: MessageFacts
    campaign_id: int


@dataclass(frozen=True, slots=True)
class LaneCandidates:
    """A due lane with the campaigns that run on it, least recently served first, each with its next messages."""

    lane: LaneFacts
    account: AccountFacts
    campaigns: tuple[tuple[CampaignFacts, tuple[Head, ...]], ...]


@dataclass(frozen=True, slots=True)
class LaneDecision:
    """What a claim does with one lane: the message it takes, those it skips, and when to look again."""

    lane_id: int
    take: Head | None
    skips: tuple[tuple[Head, str], ...]
    wake_at: dt.datetime | None  # only where nothing was taken
    waiting: Verdict | None  # the verdict that decided, where nothing was taken


DEFER_S = 5.0
_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


def decide_lane(candidates: LaneCandidates, *, now: dt.datetime, tally: Tally) -> LaneDecision:
    """The verdict for one lane; the tally gets what it takes.

    Where nothing is taken the lane looks again: at once if a message was skipped (the next may be good), in five seconds
    if one was passed over, else at the earliest time any verdict names, or on an event.
    """
    lane, account = candidates.lane, candidates.account
    verdict = lane_verdict(lane, account, now=now, tally=tally)
    if not verdict.may_send:
        return LaneDecision(lane.lane_id, None, (), verdict.until, verdict)
    skips: list[tuple[Head, str]] = []
    waits: list[Verdict] = []
    for campaign, heads in candidates.campaigns:
        verdict = campaign_verdict(campaign, account, now=now, tally=tally)
        if not verdict.may_send:
            waits.append(verdict)
            continue
        for head in heads:
            verdict = message_verdict(head.message, account, now=now, tally=tally)
            if verdict.may_send:
                phone = head.message.phone
                tally.take(account_id=account.account_id, campaign_id=campaign.campaign_id, phone=phone)
                return LaneDecision(lane.lane_id, head, tuple(skips), None, None)
            if verdict.answer is Answer.SKIP:
                skips.append((head, verdict.reason))
            else:
                waits.append(Verdict(Answer.WAIT, verdict.reason, now + dt.timedelta(seconds=DEFER_S)))
    # Waits that name their end come first; one that only an event ends names none.
    deciding = min(waits, key=lambda wait: wait.until or _NEVER, default=None)
    wake_at = now if skips else deciding.until if deciding else None
    return LaneDecision(lane.lane_id, None, tuple(skips), wake_at, deciding)
