"""Take at most one message for each due lane; committed before anything is sent.

Lock, then read, then decide, then write. Reading happens in new statements after the locks: one statement that does both
sees the rows as they were before it waited, and hands the same message to two workers.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction

from billing.models import SendAllowance
from campaigns.domain import gates, pacing
from campaigns.domain.states import CampaignStatus
from campaigns.gateways.base import GatewayConfig
from campaigns.models import Campaign, CampaignMessage, Connection, SendLane
from campaigns.selectors import facts
from campaigns.services import claim_write, due, killpoints, locks, rescue, restore_guard
from campaigns.services.due import Room

logger = logging.getLogger("campaigns")

# After these days the gateway is asked again which id a number has (the ninth digit may have come or gone).
WA_ID_FRESH_DAYS = 30
ALARM_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Claimed:
    """One message that is now `sending`, with everything its send and its record need."""

    token: str
    message_id: int
    account_id: int
    campaign_id: int
    lane_id: int
    connection_id: int
    lead_id: int | None
    host: str
    phone: str
    day: dt.date  # the local day it counts on
    claimed_at: dt.datetime
    gap_s: float
    config: GatewayConfig
    wa_id: str
    candidates: tuple[str, ...] = field(repr=False)
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one claim did: the messages to send now, and how many lanes it looked at (0 = nothing was due)."""

    claimed: list[Claimed]
    lanes: int


def claim_batch(*, now: dt.datetime, room: Room, rng: random.Random | None = None) -> Claim:
    """Claim for the oldest due lanes; nothing while the restore guard says no. Should it raise, it is repeated account by
    account, so that one bad row or one long lock stops one account, never all.
    """
    if not restore_guard.check().may_send:
        return Claim([], 0)
    claim = _claim_or_by_account(now=now, room=room, rng=rng or random.SystemRandom())
    if claim.claimed:
        restore_guard.raise_mark(len(claim.claimed))
    return claim


def _claim_or_by_account(*, now: dt.datetime, room: Room, rng: random.Random) -> Claim:
    try:
        return _claim(now=now, room=room, rng=rng)
    except Exception:
        logger.exception("claim.failed")
        return _claim_by_account(now=now, room=room, rng=rng)


def _claim_by_account(*, now: dt.datetime, room: Room, rng: random.Random) -> Claim:
    with transaction.atomic():
        accounts = dict.fromkeys(account_id for _, account_id in due.due_lanes(now=now, room=room))
    claimed: list[Claimed] = []
    lanes = 0
    for account_id in accounts:
        try:
            left = room.less([take.host for take in claimed])
            result = _claim(now=now, room=left, rng=rng, account_id=account_id)
        except Exception:
            logger.exception("claim.account_failed", extra={"account_id": account_id})
            _postpone(account_id, now=now)
        else:
            claimed += result.claimed
            lanes += result.lanes
    return Claim(claimed, lanes)


def _postpone(account_id: int, *, now: dt.datetime) -> None:
    """Look at the account's due lanes again in a minute. Lanes that somebody holds are left as they are."""
    later = now + dt.timedelta(seconds=ALARM_WAIT_S)
    with transaction.atomic():
        held = SendLane.objects.filter(account_id=account_id, wake_at__lte=now, not_before__lte=now).order_by("pk")
        free = [lane.pk for lane in held.select_for_update(no_key=True, skip_locked=True)]
        SendLane.objects.filter(pk__in=free).update(wake_at=later)


def _claim(*, now: dt.datetime, room: Room, rng: random.Random, account_id: int | None = None) -> Claim:
    with transaction.atomic():
        locks.limit_lock_wait()
        pairs = due.due_lanes(now=now, room=room, account_id=account_id)
        if not pairs:
            return Claim([], 0)
        lanes = due.lock_due_lanes([lane_id for lane_id, _ in pairs], now=now)
        # Oldest first, as they were found; a lane that another process took meanwhile is not among the locked.
        ordered = [lanes[lane_id] for lane_id, _ in pairs if lane_id in lanes]
        if not ordered:
            return Claim([], 0)
        claimed = _claim_lanes(ordered, now=now, rng=rng)
        killpoints.reached("before_claim")
        if killpoints.is_off("claim"):  # then nobody remembers it, and the next claim takes the same messages
            transaction.set_rollback(True)
        return Claim(claimed, len(ordered))


def _claim_lanes(lanes: Sequence[SendLane], *, now: dt.datetime, rng: random.Random) -> list[Claimed]:
    owners = {lane.account_id for lane in lanes}
    accounts = facts.account_facts(SendAllowance.objects.filter(pk__in=owners).select_related("account"))
    connections = Connection.objects.defer("webhook_secret").in_bulk([lane.connection_id for lane in lanes])
    if killpoints.is_off("account"):  # then a lane sends through whichever number the batch holds
        connections = dict(zip(connections, reversed(connections.values()), strict=True))
    lost = rescue.read_lost(lanes, now=now)
    # A lane whose lease ran out is settled now and looked at again at once; it takes nothing in this batch.
    free = [lane for lane in lanes if not lane.in_flight_token]
    turns = due.heads(free) if free else {}
    decisions = _decide(free, turns, accounts, connections, now=now)
    locked = locks.lock_campaigns(
        {head.campaign_id for decision in decisions for head in _heads_of(decision)}
        | {one.message.campaign_id for one in lost}
    )
    rescued = rescue.settle_lost(lost, now=now)
    chosen = [
        (lane, head.message.message_id)
        for lane, decision in zip(free, decisions, strict=True)
        # Paused or cancelled between the reading and the lock: nothing of it leaves, the lane looks again.
        if (head := decision.take) is not None and locked[head.campaign_id].status == CampaignStatus.RUNNING
    ]
    rows = CampaignMessage.objects.select_related("lead").defer("lead__variables")
    taken = rows.in_bulk([message_id for _, message_id in chosen])
    takes = [
        _taken(lane, taken[message_id], connections, accounts[lane.account_id], now=now, rng=rng)
        for lane, message_id in chosen
    ]
    claim_write.write(
        lanes=lanes, decisions=decisions, takes=takes, campaigns=locked, accounts=accounts, rescued=rescued, now=now
    )
    return takes


def _heads_of(decision: gates.LaneDecision) -> list[gates.Head]:
    taken = [decision.take] if decision.take else []
    return taken + [head for head, _ in decision.skips]


def _decide(
    lanes: Sequence[SendLane],
    turns: due.Turns,
    accounts: Mapping[int, gates.AccountFacts],
    connections: Mapping[int, Connection],
    *,
    now: dt.datetime,
) -> list[gates.LaneDecision]:
    waiting = [head for campaigns in turns.values() for _, heads in campaigns for head in heads]
    campaigns = Campaign.objects.in_bulk({head.campaign_id for head in waiting})
    by_campaign = {pk: facts.campaign_facts(campaign) for pk, campaign in campaigns.items()}
    by_message = facts.message_facts(waiting) if waiting else {}
    tally = gates.Tally()
    decisions = []
    for lane in lanes:
        candidates = gates.LaneCandidates(
            lane=facts.lane_facts(lane, connections[lane.connection_id]),
            account=accounts[lane.account_id],
            campaigns=tuple(
                (by_campaign[campaign_id], tuple(gates.Head(by_message[head.pk], campaign_id) for head in heads))
                for campaign_id, heads in turns.get(lane.pk, [])
            ),
        )
        decisions.append(gates.decide_lane(candidates, now=now, tally=tally))
    return decisions


def _taken(
    lane: SendLane,
    message: CampaignMessage,
    connections: Mapping[int, Connection],
    account: gates.AccountFacts,
    *,
    now: dt.datetime,
    rng: random.Random,
) -> Claimed:
    lead, connection = message.lead, connections[lane.connection_id]
    checked_at = lead.wa_id_checked_at if lead is not None and lead.wa_id else None
    fresh = checked_at is not None and checked_at >= now - dt.timedelta(days=WA_ID_FRESH_DAYS)
    return Claimed(
        token=secrets.token_hex(16),
        message_id=message.pk,
        account_id=message.account_id,
        campaign_id=message.campaign_id,
        lane_id=lane.pk,
        connection_id=connection.pk,
        lead_id=message.lead_id,
        host=lane.host,
        phone=message.phone,
        day=gates.account_day(account, now=now),
        claimed_at=now,
        gap_s=0.0
        if killpoints.is_off("pace")
        else pacing.draw_gap_s(
            gap_min_s=lane.gap_min_s,
            gap_max_s=lane.gap_max_s,
            floor_s=max(settings.MIN_GAP_S, account.min_gap_s),
            rng=rng,
        ),
        config=GatewayConfig(connection.gateway, connection.base_url, connection.instance_key, connection.token),
        wa_id=lead.wa_id if lead is not None and fresh else "",
        candidates=tuple(lead.wa_candidates if lead is not None else ()) or (message.phone.lstrip("+"),),
        body=message.body,
    )
