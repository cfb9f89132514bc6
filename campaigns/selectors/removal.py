"""What the deletion of a campaign takes away and what stays, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Sum

from campaigns.domain.states import CampaignStatus
from campaigns.models import Campaign, CampaignMessage, ContactMemory, Suppression, UsageDay

DELETABLE = (CampaignStatus.DRAFT, CampaignStatus.FINISHED, CampaignStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Removal:
    """Counts. The first three go; the others stay with the account."""

    messages: int
    excluded: int
    closed_deals: int
    sent: int  # in the daily statistics; quota that was used today stays used
    remembered: int  # people whose last contact, and from which number, stays known
    suppressed: int  # people of the campaign who must not be written to


def removal_of(campaign: Campaign) -> Removal:
    """No query for a campaign without messages; else three."""
    if not campaign.audience_count:
        return Removal(0, campaign.excluded_count, campaign.closed_deals, 0, 0, 0)
    theirs = CampaignMessage.objects.filter(campaign=campaign, phone=OuterRef("phone"))
    days = UsageDay.objects.filter(account_id=campaign.account_id, campaign_ref=campaign.pk)
    return Removal(
        messages=campaign.audience_count,
        excluded=campaign.excluded_count,
        closed_deals=campaign.closed_deals,
        sent=days.aggregate(sent=Sum("sent", default=0))["sent"],
        remembered=ContactMemory.objects.filter(Exists(theirs), account_id=campaign.account_id).count(),
        suppressed=Suppression.objects.filter(Exists(theirs), account_id=campaign.account_id).count(),
    )
