"""Campaigns made from another one: a draft that says the same, or a run that repeats what failed."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction

from accounts.models import User
from campaigns.domain.naming import next_name
from campaigns.domain.states import CampaignStatus
from campaigns.errors import CampaignIncomplete, NothingToRetry, RetryPreparing, WrongState
from campaigns.models import Campaign, CampaignLane, CampaignList, Variation
from campaigns.selectors.retries import is_retry_preparing, retryable
from campaigns.services import locks
from campaigns.services.lifecycle import check_access

logger = logging.getLogger("campaigns")


def duplicate_campaign(*, campaign: Campaign, by: User | None, now: dt.datetime) -> Campaign:
    """A new draft with the same lists, texts, hours and limit, and those of its numbers that are not removed. It has no
    start: a person marks one, or starts it.
    """
    with transaction.atomic():
        copy = _copy(campaign, by=by, now=now)
        CampaignList.objects.bulk_create(
            CampaignList(account_id=copy.account_id, campaign=copy, list_id=row.list_id, position=row.position)
            for row in campaign.campaign_lists.all()
        )
        return copy


def retry_failures(*, campaign: Campaign, by: User | None, now: dt.datetime) -> Campaign:
    """A new running campaign, linked by `retry_of`, whose audience are the failed messages that may be tried once more, with
    the text they had. They are read in the background (services.audience).

    Raises WrongState unless the campaign is finished, NoAccess, NothingToRetry, RetryPreparing while an earlier run still
    reads them, CampaignIncomplete when none of its numbers is left.
    """
    with transaction.atomic():
        allowance = locks.lock_account(campaign.account_id)
        row = locks.lock_campaigns([campaign.pk])[campaign.pk]
        if row.status != CampaignStatus.FINISHED:
            raise WrongState(status=row.status, wanted="retry")
        check_access(allowance, now=now)
        if is_retry_preparing(campaign=row):
            raise RetryPreparing
        if not retryable(campaign=row).exists():
            raise NothingToRetry
        run = _copy(row, by=by, now=now, retry_of=row, status=CampaignStatus.RUNNING, started_at=now)
        if not run.campaign_lanes.exists():
            raise CampaignIncomplete(missing=["connections"])
    logger.info("campaign.retried", extra={"campaign_id": run.pk, "account_id": run.account_id})
    return run


def _copy(campaign: Campaign, *, by: User | None, now: dt.datetime, **fields: object) -> Campaign:
    """A row with the same settings, texts and numbers; the caller adds where its audience comes from."""
    taken = set(Campaign.objects.filter(account_id=campaign.account_id).values_list("name", flat=True))
    values: dict[str, object] = {
        "account_id": campaign.account_id,
        "name": next_name(campaign.name, taken=taken),
        "window": campaign.window,
        "skip_holidays": campaign.skip_holidays,
        "name_fallback": campaign.name_fallback,
        "daily_cap": campaign.daily_cap,
        "created_by": by,
        "created_at": now,
    }
    copy = Campaign.objects.create(**(values | fields))
    Variation.objects.bulk_create(
        Variation(campaign=copy, position=row.position, body=row.body) for row in campaign.variations.all()
    )
    CampaignLane.objects.bulk_create(
        CampaignLane(account_id=copy.account_id, campaign=copy, lane_id=row.lane_id)
        for row in campaign.campaign_lanes.filter(lane__connection__archived_at__isnull=True)
    )
    return copy
