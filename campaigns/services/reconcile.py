"""Compares the counters with the messages they count. A difference is an alarm first and a repair second."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Count, Q

from campaigns.domain.states import MessageStatus
from campaigns.models import Campaign, CampaignMessage
from campaigns.services import locks
from campaigns.services.counters import BUCKETS, INVALID

logger = logging.getLogger("campaigns")

REFUSED_NUMBER_CODES = ("not_on_whatsapp",)


@dataclass(frozen=True, slots=True)
class Difference:
    """A campaign's counter that did not equal its messages."""

    campaign_id: int
    bucket: str
    counter: int
    messages: int


def reconcile_counters(*, campaign_ids: list[int] | None = None, repair: bool = True) -> list[Difference]:
    """The differences found, each logged as an error; repaired to what the messages say unless `repair` is off."""
    rows = Campaign.objects.order_by("pk") if campaign_ids is None else Campaign.objects.filter(pk__in=campaign_ids)
    found: list[Difference] = []
    for campaign_id in rows.values_list("pk", flat=True).iterator():
        found += _reconcile(campaign_id, repair=repair)
    return found


def count_messages(campaign_id: int) -> dict[str, int]:
    """How many messages each counter should say."""
    counted = (
        CampaignMessage.objects.filter(campaign_id=campaign_id)
        .values("status")
        .annotate(n=Count("pk"), invalid=Count("pk", filter=Q(reason__in=REFUSED_NUMBER_CODES)))
        .order_by("status")
    )
    totals = dict.fromkeys(BUCKETS, 0)
    for row in counted:
        if row["status"] == MessageStatus.FAILED:
            totals[INVALID], totals[row["status"]] = row["invalid"], row["n"] - row["invalid"]
        else:
            totals[row["status"]] = row["n"]
    return totals


def _reconcile(campaign_id: int, *, repair: bool) -> list[Difference]:
    with transaction.atomic():
        campaign = locks.lock_campaigns([campaign_id]).get(campaign_id)
        if campaign is None:
            return []
        totals = count_messages(campaign_id)
        found = [
            Difference(campaign_id, bucket, getattr(campaign, f"{bucket}_count"), totals[bucket])
            for bucket in BUCKETS
            if getattr(campaign, f"{bucket}_count") != totals[bucket]
        ]
        for difference in found:
            logger.error(
                "counters.differ",
                extra={
                    "campaign_id": campaign_id,
                    "bucket": difference.bucket,
                    "counter": difference.counter,
                    "messages": difference.messages,
                },
            )
        if found and repair:
            _repair(campaign_id, totals)
        return found


def _repair(campaign_id: int, totals: Mapping[str, int]) -> None:
    changes = {f"{bucket}_count": count for bucket, count in totals.items()}
    try:
        with transaction.atomic():
            Campaign.objects.filter(pk=campaign_id).update(**changes, audience_count=sum(totals.values()))
    except IntegrityError:  # a finished campaign with a queue: no counter heals that
        logger.exception("counters.not_repaired", extra={"campaign_id": campaign_id})
