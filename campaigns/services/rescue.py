"""Claims whose lease ended without a recorded answer become `unconfirmed`: nobody knows whether they left."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from campaigns.domain.states import MessageStatus
from campaigns.models import Attempt, CampaignMessage, Outcome, SendLane
from campaigns.services import locks, memory, usage
from campaigns.services.counters import Moves, move

logger = logging.getLogger("campaigns")

BATCH = 100


@dataclass(frozen=True, slots=True)
class Lost:
    """A message in flight whose lease ran out, and the local day its claim counted on."""

    message: CampaignMessage
    day: dt.date


def read_lost(lanes: Sequence[SendLane], *, now: dt.datetime) -> list[Lost]:
    """The messages in flight on these locked lanes, whose leases ran out."""
    # A lane counts its claim on its day, and is not claimed again before that claim is settled.
    days = {lane.in_flight_token: lane.used_on or now.date() for lane in lanes if lane.in_flight_token}
    if not days:
        return []
    rows = CampaignMessage.objects.filter(claim_token__in=days, status=MessageStatus.SENDING).order_by("pk")
    return [Lost(row, days[row.claim_token]) for row in rows if row.claim_token in days]


def settle_lost(lost: Sequence[Lost], *, now: dt.datetime) -> Moves:
    """Mark them unconfirmed; their token stays, so that a late answer still finds them. The caller holds their lanes and
    campaigns, and frees the lanes; quota stays used. Gives the counter moves to apply.
    """
    moves, days = Moves(), usage.Days()
    if not lost:
        return moves
    rows = [one.message for one in lost]
    CampaignMessage.objects.filter(pk__in=[row.pk for row in rows]).update(
        status=MessageStatus.UNCONFIRMED, lease_lost_at=now, reason="lease_lost"
    )
    Attempt.objects.bulk_create(
        (
            Attempt(
                account_id=row.account_id,
                message_id=row.pk,
                claim_token=row.claim_token or "",
                started_at=row.claimed_at or now,
                outcome=Outcome.UNKNOWN,
                code="lease_lost",
            )
            for row in rows
        ),
        ignore_conflicts=True,
    )
    for one in lost:
        moves.add(one.message.campaign_id, MessageStatus.SENDING, MessageStatus.UNCONFIRMED)
        days.add(one.message.account_id, one.message.campaign_id, one.day, unconfirmed=1)
    memory.remember((row.account_id, row.phone, row.connection_id, row.pk, row.claimed_at or now) for row in rows)
    days.write()
    return moves


def rescue_expired(*, now: dt.datetime) -> int:
    """Settle every lease that ran out, also on lanes that are not due yet. Gives how many messages became unconfirmed.

    Account by account: a long lock or a bad row of one leaves the others alone.
    """
    expired = SendLane.objects.filter(in_flight_token__isnull=False, in_flight_until__lt=now)
    total = 0
    for account_id in sorted(set(expired.values_list("account_id", flat=True))):
        try:
            total += _rescue_account(account_id, now=now)
        except Exception:
            logger.exception("rescue.failed", extra={"account_id": account_id})
    return total


def _rescue_account(account_id: int, *, now: dt.datetime) -> int:
    with transaction.atomic():
        locks.limit_lock_wait()
        expired = SendLane.objects.filter(
            account_id=account_id, in_flight_token__isnull=False, in_flight_until__lt=now
        ).order_by("pk")
        lanes = list(expired.select_for_update(no_key=True, skip_locked=True)[:BATCH])
        lost = read_lost(lanes, now=now)
        campaigns = locks.lock_campaigns({one.message.campaign_id for one in lost})
        move(settle_lost(lost, now=now), campaigns=campaigns)
        ids = [lane.pk for lane in lanes]
        SendLane.objects.filter(pk__in=ids).update(in_flight_token=None, in_flight_until=None)
        locks.wake(ids, now=now)
        return len(lost)
