"""Claims whose lease ended without a recorded answer become `unconfirmed`: nobody knows whether they left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from campaigns.domain.pacing import usage_day
from campaigns.domain.states import MessageStatus
from campaigns.models import Attempt, CampaignMessage, Outcome, SendLane
from campaigns.services import locks, memory, usage
from campaigns.services.counters import Moves, move

BATCH = 100


def read_lost(lanes: Sequence[SendLane]) -> list[CampaignMessage]:
    """The messages in flight on these locked lanes, whose leases ran out."""
    tokens = [lane.in_flight_token for lane in lanes if lane.in_flight_token]
    if not tokens:
        return []
    lost = CampaignMessage.objects.filter(claim_token__in=tokens, status=MessageStatus.SENDING)
    return list(lost.select_related("account").order_by("pk"))


def settle_lost(lost: Sequence[CampaignMessage], *, now: dt.datetime) -> Moves:
    """Mark them unconfirmed; their token stays, so that a late answer still finds them. The caller holds their lanes and
    campaigns, and frees the lanes; quota stays used. Gives the counter moves to apply.
    """
    moves = Moves()
    if not lost:
        return moves
    days = usage.Days()
    CampaignMessage.objects.filter(pk__in=[row.pk for row in lost]).update(
        status=MessageStatus.UNCONFIRMED, lease_lost_at=now, reason="lease_lost"
    )
    attempts = []
    for row in lost:
        claimed_at = row.claimed_at or now
        attempts.append(
            Attempt(
                account_id=row.account_id,
                message_id=row.pk,
                claim_token=row.claim_token or "",
                started_at=claimed_at,
                outcome=Outcome.UNKNOWN,
                code="lease_lost",
            )
        )
        moves.add(row.campaign_id, MessageStatus.SENDING, MessageStatus.UNCONFIRMED)
        day = usage_day(now=claimed_at, time_zone=row.account.time_zone, used_on=None)
        days.add(row.account_id, row.campaign_id, day, unconfirmed=1)
    Attempt.objects.bulk_create(attempts, ignore_conflicts=True)
    memory.remember([(row.account_id, row.phone, row.connection_id, row.pk, row.claimed_at or now) for row in lost])
    days.write()
    return moves


def rescue_expired(*, now: dt.datetime) -> int:
    """Settle every lease that ran out, also on lanes that are not due yet. Gives how many messages became unconfirmed."""
    total = 0
    while True:
        with transaction.atomic():
            locks.limit_lock_wait()
            expired = SendLane.objects.filter(in_flight_token__isnull=False, in_flight_until__lt=now).order_by("pk")
            lanes = list(expired.select_for_update(no_key=True, skip_locked=True)[:BATCH])
            if not lanes:
                return total
            lost = read_lost(lanes)
            campaigns = locks.lock_campaigns({row.campaign_id for row in lost})
            move(settle_lost(lost, now=now), campaigns=campaigns)
            SendLane.objects.filter(pk__in=[lane.pk for lane in lanes]).update(
                in_flight_token=None, in_flight_until=None
            )
            locks.wake([lane.pk for lane in lanes], now=now)
            total += len(lost)
