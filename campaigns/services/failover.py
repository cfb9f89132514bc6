"""Gives the queue of a number that is removed or long down to the campaign's other numbers.

Only leads that the account never wrote to change numbers: whoever knows one number waits for it.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.domain import dealing
from campaigns.domain.states import CampaignStatus, MessageStatus
from campaigns.models import Campaign, CampaignLane, CampaignMessage, Connection, ConnectionState, ContactMemory
from campaigns.selectors.rooms import standings
from campaigns.services import locks
from campaigns.services.audience import save_deals

logger = logging.getLogger("campaigns")

BATCH = 500


def redeal_lost(*, now: dt.datetime, batches: int = 20) -> int:
    """Move queued messages of lost numbers to connected ones of their campaign; gives how many. At most `batches`
    transactions; what is left is moved the next time.
    """
    moved = 0
    for account_id, campaign_id, connection_id in _pairs(now=now, limit=batches):
        try:
            while batches > 0:
                batches -= 1
                count = _redeal(account_id, campaign_id, connection_id, now=now)
                moved += count
                if count < BATCH:
                    break
        except OperationalError:
            logger.warning("failover.account_busy", extra={"account_id": account_id, "campaign_id": campaign_id})
    return moved


def _pairs(*, now: dt.datetime, limit: int) -> list[tuple[int, int, int]]:
    """(account, campaign, connection) of running campaigns that wait on a lost number and have another that is connected."""
    lost = Q(lane__connection__archived_at__isnull=False) | (
        ~Q(lane__connection__state=ConnectionState.CONNECTED)
        & Q(lane__connection__state_since__lte=now - dealing.FAILOVER_AFTER)
    )
    others = CampaignLane.objects.filter(
        campaign=OuterRef("campaign"),
        lane__connection__archived_at__isnull=True,
        lane__connection__state=ConnectionState.CONNECTED,
    )
    waiting = _movable(CampaignMessage.objects.filter(campaign=OuterRef("campaign"))).filter(
        connection=OuterRef("lane__connection")
    )
    turns = CampaignLane.objects.filter(
        lost,
        Exists(others),
        Exists(waiting),
        campaign__status=CampaignStatus.RUNNING,
        campaign__audience_ready_at__isnull=False,
        campaign__queued_count__gt=0,
    ).order_by("campaign_id", "lane_id")
    return list(turns.values_list("account_id", "campaign_id", "lane__connection_id")[:limit])


def _movable(rows: QuerySet[CampaignMessage]) -> QuerySet[CampaignMessage]:
    """Queued messages to phones that the account never wrote to and is not writing to now: one statement reads both, so
    that a record in between cannot hide a phone from it.
    """
    same_phone = {"account": OuterRef("account"), "phone": OuterRef("phone")}
    known = ContactMemory.objects.filter(**same_phone)
    in_flight = CampaignMessage.objects.filter(**same_phone, status=MessageStatus.SENDING)
    return rows.filter(~Exists(known), ~Exists(in_flight), status=MessageStatus.QUEUED)


def _redeal(account_id: int, campaign_id: int, connection_id: int, *, now: dt.datetime) -> int:
    with transaction.atomic():
        locks.limit_lock_wait()
        locks.lock_account(account_id)
        turns = dict(CampaignLane.objects.filter(campaign_id=campaign_id).values_list("lane__connection_id", "lane_id"))
        locks.lock_lanes(lane_ids=turns.values())
        campaign = locks.lock_campaigns([campaign_id]).get(campaign_id)
        source = Connection.objects.get(pk=connection_id)
        if campaign is None or campaign.status != CampaignStatus.RUNNING or not _is_lost(source, now=now):
            return 0
        count, targets = _move(campaign, source, now=now)
        locks.wake([turns[target] for target in targets], now=now)
    if count:
        ids = {"account_id": account_id, "campaign_id": campaign_id, "connection_id": connection_id}
        logger.info("failover.moved", extra={**ids, "count": count})
    return count


def _is_lost(connection: Connection, *, now: dt.datetime) -> bool:
    return dealing.is_lost(
        archived=connection.archived_at is not None,
        connected=connection.state == ConnectionState.CONNECTED,
        state_since=connection.state_since,
        now=now,
    )


def _move(campaign: Campaign, source: Connection, *, now: dt.datetime) -> tuple[int, list[int]]:
    """How many messages changed numbers, and to which. The caller holds the account, the campaign's lanes and itself."""
    numbers = standings(campaign=campaign, now=now, only_connected=True)
    numbers.pop(source.pk, None)
    if not numbers:
        return 0, []
    rows = _movable(CampaignMessage.objects.filter(campaign=campaign, connection=source))
    dealt: dict[int, list[int]] = defaultdict(list)
    for message_id in rows.order_by("position").values_list("pk", flat=True)[:BATCH]:
        number = dealing.choose(numbers.values())
        numbers[number.connection_id] = number.with_one_more()
        dealt[number.connection_id].append(message_id)
    for target, ids in sorted(dealt.items()):
        CampaignMessage.objects.filter(pk__in=ids).update(connection_id=target)
    save_deals(campaign, numbers)
    return sum(map(len, dealt.values())), sorted(dealt)
