"""What a campaign is doing right now and why. Stored states are six; what a running one waits for is asked of the gates."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from accounts.models import Account
from billing.models import SendAllowance
from campaigns.domain import gates, pacing
from campaigns.domain.states import CampaignStatus
from campaigns.models import Campaign, CampaignLane, SendLane
from campaigns.selectors import facts

SECRETS = ("instance_key", "token", "webhook_secret")  # never loaded for a screen

# A verdict's reason -> the code of the state as pages show it (leads_infinitos.portal.vocabulary).
_SHOWN_AS = {
    "account_halted": "paused_safety",
    "licence_lapsed": "waiting_licence",
    "account_daily_limit": "paused_plan",
    "lane_daily_limit": "paused_plan",
    "disconnected": "waiting_connection",
    "connection_removed": "waiting_connection",
    "no_connection": "waiting_connection",
    "outside_window": "outside_window",
    "holiday": "outside_window",
}
# Where no number may send, the reason that needs a person stands first, then the one that lasts longest.
_URGENCY = ("disconnected", "connection_removed", "lane_daily_limit", "resting")


@dataclass(frozen=True, slots=True)
class CampaignState:
    """The state to show: its code, the reason (texts.reason words it with `compared`), and when it goes on by itself."""

    code: str
    reason: str = ""
    compared: Mapping[str, object] = field(default_factory=dict)
    until: dt.datetime | None = None  # it continues (or starts) by itself then; None: now, or only after an event
    next_send_at: dt.datetime | None = None  # of a campaign that may send: the earliest time its numbers allow


@dataclass(frozen=True, slots=True)
class LaneState:
    """What one number may do now for an account: its verdict, today's use, and its next time."""

    lane: SendLane
    verdict: gates.Verdict
    used: int
    limit: int
    next_send_at: dt.datetime | None  # None: only after an event


def states_of(campaigns: Sequence[Campaign], *, account: Account, now: dt.datetime) -> dict[int, CampaignState]:
    """By campaign id. Two queries for any number of campaigns, none when nothing runs."""
    running = [row.pk for row in campaigns if row.status == CampaignStatus.RUNNING]
    lanes: dict[int, list[SendLane]] = defaultdict(list)
    allowance = None
    if running:
        allowance = allowance_of(account)
        for row in (
            CampaignLane.objects.filter(campaign_id__in=running).select_related("lane__connection").defer(*_DEFERRED)
        ):
            lanes[row.campaign_id].append(row.lane)
    return {row.pk: _state(row, lanes[row.pk], allowance, now=now) for row in campaigns}


_DEFERRED = tuple(f"lane__connection__{name}" for name in SECRETS)


def allowance_of(account: Account) -> gates.AccountFacts:
    """What the account may send now; nothing where it never had a plan. One query."""
    row = SendAllowance.objects.filter(account=account).first() or SendAllowance(account=account)
    row.account = account
    return facts.account_facts([row])[account.pk]


def lane_states(lanes: Iterable[SendLane], *, account: gates.AccountFacts, now: dt.datetime) -> list[LaneState]:
    """What each number may do now; the lanes come with their connection. No query."""
    return [_lane_state(lane, account, now=now) for lane in lanes]


def _lane_state(lane: SendLane, account: gates.AccountFacts, *, now: dt.datetime) -> LaneState:
    known = facts.lane_facts(lane, lane.connection)
    verdict = gates.lane_verdict(known, account, now=now, tally=gates.Tally())
    day = pacing.usage_day(now=now, time_zone=account.time_zone, used_on=lane.used_on)
    # While one is in flight, not_before is its lease plus the gap: the message is leaving now.
    pace = now if lane.in_flight_token else max(now, lane.not_before)
    next_at = pace if verdict.may_send else verdict.until
    used, limit = gates.used_on_day(day, lane.used_on, lane.used_count), gates.lane_limit(known, account)
    return LaneState(lane, verdict, used, limit, next_at)


def _state(
    campaign: Campaign, lanes: Sequence[SendLane], account: gates.AccountFacts | None, *, now: dt.datetime
) -> CampaignState:
    if campaign.status == CampaignStatus.SCHEDULED:
        return CampaignState("scheduled", until=campaign.starts_at)
    if campaign.status == CampaignStatus.PAUSED:
        by_user = campaign.pause_reason in ("", "by_user")
        return CampaignState("paused" if by_user else "paused_safety", campaign.pause_reason or "by_user")
    if campaign.status == CampaignStatus.FINISHED:
        return CampaignState("finished_pending" if campaign.unconfirmed_count else "finished")
    if campaign.status != CampaignStatus.RUNNING or account is None:
        return CampaignState(campaign.status)
    if campaign.audience_ready_at is None:
        return CampaignState("preparing", "preparing")
    if not campaign.queued_count:  # the last one is on its way, or the finish is due
        return CampaignState("running")
    return _running_state(campaign, lanes, account, now=now)


def _running_state(
    campaign: Campaign, lanes: Sequence[SendLane], account: gates.AccountFacts, *, now: dt.datetime
) -> CampaignState:
    """The gates' own order: account, numbers, campaign. Where all numbers wait, the reason that lasts is named."""
    known = facts.campaign_facts(campaign)
    verdict = gates.account_verdict(account, now=now, tally=gates.Tally())
    states = lane_states(lanes, account=account, now=now)
    if verdict.may_send and not states:
        verdict = gates.Verdict(gates.Answer.WAIT, "no_connection")
    elif verdict.may_send:
        verdict = _deciding(states)
    if verdict.may_send or verdict.reason == "resting":
        verdict = _own_or(verdict, gates.campaign_verdict(known, account, now=now, tally=gates.Tally()))
    if verdict.may_send:
        times = [state.next_send_at for state in states if state.verdict.may_send and state.next_send_at]
        return CampaignState("running", next_send_at=min(times, default=None))
    until = known.window.next_open(verdict.until, account.time_zone) if verdict.until else None
    code = "running" if _is_own_cap(verdict, account) else _SHOWN_AS.get(verdict.reason, "running")
    return CampaignState(code, verdict.reason, verdict.compared, until)


def _deciding(states: Sequence[LaneState]) -> gates.Verdict:
    """SEND as soon as one number may; else the verdict a person should hear about."""
    verdicts = [state.verdict for state in states]
    free = next((verdict for verdict in verdicts if verdict.may_send), None)
    return free or min(verdicts, key=lambda v: (_URGENCY.index(v.reason) if v.reason in _URGENCY else 99, str(v.until)))


def _own_or(lane: gates.Verdict, campaign: gates.Verdict) -> gates.Verdict:
    """A closed window says more than a number's short rest."""
    return lane if campaign.may_send else campaign


def _is_own_cap(verdict: gates.Verdict, account: gates.AccountFacts) -> bool:
    """Whether the limit is one the customer set for the number, below the plan's: that is no pause by the plan."""
    limit = verdict.compared.get("limit")
    return verdict.reason == "lane_daily_limit" and isinstance(limit, int) and limit < account.daily_per_number
