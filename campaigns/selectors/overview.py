"""The six figures of the dashboard. By local day of the account; nothing is joined in one query that could multiply rows."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from accounts.models import Account
from campaigns.domain import rates
from campaigns.domain.states import CampaignStatus
from campaigns.models import Campaign, UsageDay
from campaigns.selectors.periods import Period
from extraction.models import Lead


@dataclass(frozen=True, slots=True)
class Overview:
    """Rates in percent with one decimal, None where there is nothing to divide by."""

    leads_extracted: int  # phones that may be contacted, counted once however many lists hold them
    messages_sent: int
    success_rate: float | None
    active_campaigns: int  # running now, whatever the period
    total_campaigns: int
    closed_deals: int  # of the campaigns that were alive in the period
    conversion_rate: float | None


def overview(*, account: Account, period: Period) -> Overview:
    """The account's figures in the period. Three queries."""
    start, end = period.bounds(account.time_zone)
    days = UsageDay.objects.filter(account=account)
    leads = Lead.objects.filter(account=account, contactable=True)
    alive = Q()
    if start is not None:
        days, leads = days.filter(day__gte=period.first), leads.filter(created_at__gte=start)
        alive &= Q(finished_at__isnull=True) | Q(finished_at__gte=start) | Q(last_sent_at__gte=start)
    if end is not None:
        days, leads = days.filter(day__lte=period.last), leads.filter(created_at__lt=end)
        alive &= Q(created_at__lt=end)
    used = days.aggregate(
        sent=Sum("sent", default=0), failed=Sum("failed", default=0), invalid=Sum("invalid", default=0)
    )
    campaigns = Campaign.objects.filter(account=account).aggregate(
        active=Count("pk", filter=Q(status=CampaignStatus.RUNNING)),
        total=Count("pk"),
        deals=Sum("closed_deals", filter=alive or None, default=0),
    )
    return Overview(
        leads_extracted=leads.aggregate(phones=Count("phone", distinct=True))["phones"],
        messages_sent=used["sent"],
        success_rate=rates.success_rate(**used),
        active_campaigns=campaigns["active"],
        total_campaigns=campaigns["total"],
        closed_deals=campaigns["deals"],
        conversion_rate=rates.conversion_rate(closed_deals=campaigns["deals"], sent=used["sent"]),
    )
