"""Deletes a campaign with its messages. What the account used and whom it wrote to stays: other rows hold it by value."""

from __future__ import annotations

import logging

from django.db import transaction

from campaigns.errors import CampaignBusy, WrongState
from campaigns.models import Attempt, Campaign, CampaignMessage, Decision, Receipt, Reply
from campaigns.selectors.removal import DELETABLE
from campaigns.selectors.retries import is_retry_preparing
from campaigns.services import locks

logger = logging.getLogger("campaigns")

BATCH = 2000


def delete_campaign(*, campaign: Campaign) -> None:
    """Delete a draft, finished or cancelled campaign. Used quota, ContactMemory, Suppression, UsageDay and replies stay.

    Raises WrongState in any other state, CampaignBusy while a cancelled one still has messages to settle or a run that
    repeats its failures still reads them.
    """
    with transaction.atomic():
        locks.lock_account(campaign.account_id)
        row = locks.lock_campaigns([campaign.pk]).get(campaign.pk)
        if row is None:
            return
        if row.status not in DELETABLE:
            raise WrongState(status=row.status, wanted="delete")
        if row.queued_count or row.sending_count or is_retry_preparing(campaign=row):
            raise CampaignBusy
        for leaf in (Decision, Receipt, Attempt):
            leaf.objects.filter(message__campaign=row).delete()
        Reply.objects.filter(message__campaign=row).update(message=None)
        messages = CampaignMessage.objects.filter(campaign=row).order_by("pk")
        while ids := list(messages.values_list("pk", flat=True)[:BATCH]):
            CampaignMessage.objects.filter(pk__in=ids).delete()
        row.delete()
    logger.info("campaign.deleted", extra={"campaign_id": campaign.pk, "account_id": campaign.account_id})
