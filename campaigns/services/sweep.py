"""Wakes lanes that wait for an event although something of theirs is queued: nothing sleeps for ever."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef

from campaigns.models import CampaignLane, SendLane
from campaigns.services import locks

logger = logging.getLogger("campaigns")


def wake_sleeping(*, now: dt.datetime) -> int:
    """Wake every lane without a next look that a running campaign with queued messages uses; gives how many."""
    busy = CampaignLane.objects.filter(
        lane=OuterRef("pk"),
        campaign__status="running",
        campaign__audience_ready_at__isnull=False,
        campaign__queued_count__gt=0,
    )
    sleeping = SendLane.objects.filter(Exists(busy), wake_at__isnull=True)
    woken = 0
    for account_id in sorted(set(sleeping.values_list("account_id", flat=True))):
        try:
            with transaction.atomic():
                locks.limit_lock_wait()
                locks.lock_account(account_id)
                ids = list(sleeping.filter(account_id=account_id).values_list("pk", flat=True))
                locks.wake(locks.lock_lanes(lane_ids=ids), now=now)
                woken += len(ids)
        except OperationalError:
            logger.warning("sweep.account_busy", extra={"account_id": account_id})
    return woken


def wake_account(*, account_id: int, now: dt.datetime) -> None:
    """Wake all lanes of an account whose right to send changed. The caller holds its allowance, and nothing after it."""
    locks.wake(locks.lock_lanes(account_ids=[account_id]), now=now)
