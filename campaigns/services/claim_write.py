"""The writing half of a claim: messages, lanes, turns, usage and counters move together, in id order, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.conf import settings

from campaigns.domain import gates, pacing
from campaigns.domain.states import CampaignStatus, MessageStatus
from campaigns.models import Campaign, CampaignMessage, SendLane
from campaigns.services import killpoints, sql, usage
from campaigns.services.counters import Moves, move

if TYPE_CHECKING:
    from campaigns.services.claim import Claimed


class ClaimLost(RuntimeError):
    """A row that the locks should have kept still was changed by someone else; the claim is rolled back."""


def write(
    *,
    lanes: Sequence[SendLane],
    decisions: Sequence[gates.LaneDecision],
    takes: Sequence[Claimed],
    campaigns: Mapping[int, Campaign],
    accounts: Mapping[int, gates.AccountFacts],
    rescued: Moves,
    now: dt.datetime,
) -> None:
    """Write what was decided. Raises ClaimLost when a message is no longer queued."""
    moves = Moves()
    moves.update(rescued)
    _take_messages(takes, moves, now=now)
    _skip_messages(decisions, campaigns, accounts, moves, now=now)
    _move_lanes(lanes, decisions, takes, now=now)
    _serve_turns(takes, now=now)
    _use_allowances(takes, accounts)
    used = {take.campaign_id: take.day for take in takes}
    move(moves, used=Counter(take.campaign_id for take in takes), used_on=used, campaigns=campaigns)


def _take_messages(takes: Sequence[Claimed], moves: Moves, *, now: dt.datetime) -> None:
    rows = [(take.message_id, take.token, now) for take in sorted(takes, key=lambda take: take.message_id)]
    changed = sql.update_rows(
        "campaigns_campaignmessage",
        columns=[("id", "bigint"), ("token", "text"), ("claimed_at", "timestamptz")],
        assign="status = 'sending', claim_token = v.token, claimed_at = v.claimed_at, lease_lost_at = NULL,"
        " answered_at = NULL, reason = ''",
        where="t.id = v.id AND t.status = 'queued'",
        rows=rows,
    )
    if len(changed) != len(rows):
        raise ClaimLost
    for take in takes:
        moves.add(take.campaign_id, MessageStatus.QUEUED, MessageStatus.SENDING)


def _skip_messages(
    decisions: Sequence[gates.LaneDecision],
    campaigns: Mapping[int, Campaign],
    accounts: Mapping[int, gates.AccountFacts],
    moves: Moves,
    *,
    now: dt.datetime,
) -> None:
    by_reason: dict[str, list[int]] = defaultdict(list)
    days = usage.Days()
    for decision in decisions:
        for head, reason in decision.skips:
            campaign = campaigns[head.campaign_id]
            if campaign.status != CampaignStatus.RUNNING:
                continue
            by_reason[reason].append(head.message.message_id)
            moves.add(head.campaign_id, MessageStatus.QUEUED, MessageStatus.SKIPPED)
            day = gates.account_day(accounts[campaign.account_id], now=now)
            days.add(campaign.account_id, campaign.pk, day, skipped=1)
    for reason, ids in sorted(by_reason.items()):
        queued = CampaignMessage.objects.filter(pk__in=ids, status=MessageStatus.QUEUED)
        if queued.update(status=MessageStatus.SKIPPED, reason=reason, answered_at=now) != len(ids):
            raise ClaimLost
    days.write()


def _move_lanes(
    lanes: Sequence[SendLane],
    decisions: Sequence[gates.LaneDecision],
    takes: Sequence[Claimed],
    *,
    now: dt.datetime,
) -> None:
    """A lane that took one moves past its lease and gap: a crash costs a lease, never the pace. The record pulls it back."""
    lease = pacing.lease_s(settings.CALL_TIMEOUT_S)
    taken = {take.lane_id: take for take in takes}
    decided = {decision.lane_id: decision for decision in decisions}
    rows: list[tuple[sql.Value, ...]] = []
    for lane in sorted(lanes, key=lambda lane: lane.pk):
        take, decision = taken.get(lane.pk), decided.get(lane.pk)
        if take is not None:
            later = now + dt.timedelta(seconds=lease + take.gap_s)
            used = gates.used_on_day(take.day, lane.used_on, lane.used_count) + 1
            until = now + dt.timedelta(seconds=lease)
            rows.append((lane.pk, later, later, take.token, until, take.day, used))
            continue
        # No decision: its lease was lost and settled. A decision to take that fell away: look again at once.
        again = now if decision is None or decision.take is not None else decision.wake_at
        wake_at = None if again is None else max(again, lane.not_before)
        rows.append((lane.pk, lane.not_before, wake_at, None, None, lane.used_on, lane.used_count))
    sql.update_rows(
        "campaigns_sendlane",
        columns=[
            ("id", "bigint"),
            ("not_before", "timestamptz"),
            ("wake_at", "timestamptz"),
            ("token", "text"),
            ("until", "timestamptz"),
            ("used_on", "date"),
            ("used_count", "integer"),
        ],
        assign="not_before = v.not_before, wake_at = v.wake_at, in_flight_token = v.token, in_flight_until = v.until,"
        " used_on = v.used_on, used_count = v.used_count",
        where="t.id = v.id",
        rows=rows,
    )


def _serve_turns(takes: Sequence[Claimed], *, now: dt.datetime) -> None:
    sql.update_rows(
        "campaigns_campaignlane",
        columns=[("campaign_id", "bigint"), ("lane_id", "bigint"), ("served_at", "timestamptz")],
        assign="served_at = v.served_at",
        where="t.campaign_id = v.campaign_id AND t.lane_id = v.lane_id",
        rows=sorted((take.campaign_id, take.lane_id, now) for take in takes),
    )


def _use_allowances(takes: Sequence[Claimed], accounts: Mapping[int, gates.AccountFacts]) -> None:
    if killpoints.is_off("quota"):
        return
    days = {take.account_id: take.day for take in takes}
    rows: list[tuple[sql.Value, ...]] = []
    for account_id, count in sorted(Counter(take.account_id for take in takes).items()):
        day, account = days[account_id], accounts[account_id]
        rows.append((account_id, day, gates.used_on_day(day, account.used_on, account.used_count) + count))
    sql.update_rows(
        "billing_sendallowance",
        columns=[("account_id", "bigint"), ("used_on", "date"), ("used_count", "integer")],
        assign="used_on = v.used_on, used_count = v.used_count",
        where="t.account_id = v.account_id",
        rows=rows,
        key="account_id",
    )
