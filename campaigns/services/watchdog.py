"""Names the cause of every campaign that does not move, repairs what it can, and tells operators once an hour."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.db.models import F, Q

from campaigns.domain.stalls import Repair
from campaigns.models import Campaign
from campaigns.selectors.stalls import Stall, list_stalls
from campaigns.services import locks, reconcile, rescue, restore_guard

logger = logging.getLogger("campaigns")

REPEAT_S = 3600.0  # the same campaign alarms again after so long


def watch(*, now: dt.datetime) -> list[Stall]:
    """The campaigns that stand still for a cause nobody expects, each repaired where that is possible. One that raises stops
    no other.
    """
    faults = [stall for stall in list_stalls(guard=restore_guard.look, now=now) if not stall.cause.is_expected]
    for stall in faults:
        try:
            _repair(stall, now=now)
        except Exception:
            logger.exception("watchdog.repair_failed", extra={"campaign_id": stall.campaign.pk})
        _alarm(stall, now=now)
    return faults


def _repair(stall: Stall, *, now: dt.datetime) -> None:
    if stall.cause.repair is Repair.WAKE:
        with transaction.atomic():
            locks.limit_lock_wait()
            locks.lock_account(stall.campaign.account_id)
            locks.wake(locks.lock_lanes(lane_ids=stall.lane_ids), now=now)
    elif stall.cause.repair is Repair.RESCUE:
        rescue.rescue_expired(now=now)
    elif stall.cause.repair is Repair.RECOUNT:
        reconcile.reconcile_counters(campaign_ids=[stall.campaign.pk])


def _alarm(stall: Stall, *, now: dt.datetime) -> None:
    """One line an hour for a campaign, whichever of several watchdogs comes first."""
    quiet = Q(alarmed_at__isnull=True) | Q(alarmed_at__lte=now - dt.timedelta(seconds=REPEAT_S))
    # A campaign that moved since its last alarm may alarm again at once.
    quiet |= Q(alarmed_at__lt=stall.since) | Q(alarmed_at__lt=F("last_sent_at"))
    if Campaign.objects.filter(quiet, pk=stall.campaign.pk).update(alarmed_at=now):
        logger.log(
            logging.ERROR if stall.cause.is_ours else logging.WARNING,
            "campaign.stalled",
            extra={
                "campaign_id": stall.campaign.pk,
                "account_id": stall.campaign.account_id,
                "cause": stall.cause.reason,
                "repair": stall.cause.repair,
                "minutes": int((now - stall.since).total_seconds() // 60),
            },
        )
