"""What campaigns hold of lists and leads: extraction asks before it deletes any (registered in `apps.py`)."""

from __future__ import annotations

from collections.abc import Sequence

from campaigns.domain.states import CampaignStatus
from campaigns.models import Campaign, CampaignExclusion, CampaignMessage
from extraction.models import LeadList
from extraction.services.lists import ListUse

STILL_READING = (CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.PAUSED)


def list_use(*, lead_list: LeadList) -> ListUse:
    """The campaigns whose audience still has to be read from the list, and how many of its leads stay in campaigns as their
    own snapshot (name, phone and text live on the message).
    """
    reading = Campaign.objects.filter(
        account_id=lead_list.account_id,
        campaign_lists__list=lead_list,
        status__in=STILL_READING,
        audience_ready_at__isnull=True,
    )
    kept = CampaignMessage.objects.filter(account_id=lead_list.account_id, lead__list=lead_list)
    return ListUse(
        open_names=tuple(reading.order_by("pk").values_list("name", flat=True)),
        kept_count=kept.values("lead_id").distinct().count(),
    )


def leads_in_use(lead_ids: Sequence[int]) -> set[int]:
    """Those of the leads that a campaign made a message of or left out with a reason."""
    messages = CampaignMessage.objects.filter(lead_id__in=lead_ids).values_list("lead_id", flat=True)
    exclusions = CampaignExclusion.objects.filter(lead_id__in=lead_ids).values_list("lead_id", flat=True)
    return {*messages, *exclusions}
