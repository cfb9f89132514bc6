"""Wakes lanes that wait for an event although something of theirs is queued: nothing sleeps for ever."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef

from campaigns.models import CampaignLane, SendLane
from campaigns.services import locks


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
    for account_id in list(sleeping.values_list("account_id", flat=True).distinct()):
        with transaction.atomic():
            locks.lock_account(account_id)
            lanes = locks.lock_lanes(lane_ids=list(sleeping.filter(account_id=account_id).values_list("pk", flat=True)))
            locks.wake(lanes, now=now)
            woken += len(lanes)
    return woken


def wake_account(*, account_id: int, now: dt.datetime) -> None:
    """Wake all lanes of an account whose right to send changed. The caller holds its allowance, and nothing after it."""
    locks.wake(locks.lock_lanes(account_ids=[account_id]), now=now)
