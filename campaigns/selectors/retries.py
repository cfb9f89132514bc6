"""Which failed messages of a campaign may be tried once more, and how many are failed for good."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from campaigns.domain.failures import FINAL_REASONS
from campaigns.domain.states import CampaignStatus, MessageStatus
from campaigns.models import Campaign, CampaignMessage, ContactMemory


@dataclass(frozen=True, slots=True)
class Failures:
    """Counts of a campaign's failed messages."""

    retryable: int
    final: int  # no second try changes them
    other: int  # in a retry already, or written to by another campaign since

    @property
    def total(self) -> int:
        return self.retryable + self.final + self.other


def retryable(*, campaign: Campaign) -> QuerySet[CampaignMessage]:
    """Failed messages that a new run may repeat, by id: not those failed for good, nor those that another run holds, nor
    phones that were or may have been written to since.
    """
    same_phone = {"account": OuterRef("account"), "phone": OuterRef("phone")}
    repeated = CampaignMessage.objects.filter(campaign__retry_of=campaign, phone=OuterRef("phone"))
    written_since = ContactMemory.objects.filter(**same_phone, last_sent_at__gte=OuterRef("answered_at"))
    failed = CampaignMessage.objects.filter(campaign=campaign, status=MessageStatus.FAILED)
    return (
        failed.exclude(reason__in=FINAL_REASONS)
        .filter(
            ~Exists(repeated.exclude(status=MessageStatus.CANCELLED)),
            ~Exists(written_since.exclude(message_ref=OuterRef("pk"))),
        )
        .order_by("pk")
    )


def failures_of(campaign: Campaign) -> Failures:
    """No query where nothing failed; else two."""
    failed = campaign.failed_count + campaign.invalid_count
    if not failed:
        return Failures(0, 0, 0)
    final = CampaignMessage.objects.filter(
        campaign=campaign, status=MessageStatus.FAILED, reason__in=FINAL_REASONS
    ).count()
    again = retryable(campaign=campaign).count()
    return Failures(again, final, max(failed - final - again, 0))


def is_retry_preparing(*, campaign: Campaign) -> bool:
    """Whether a run that repeats the campaign's failures still reads them."""
    return (
        Campaign.objects.filter(retry_of=campaign, audience_ready_at__isnull=True)
        .exclude(status__in=(CampaignStatus.CANCELLED, CampaignStatus.FINISHED))
        .exists()
    )
