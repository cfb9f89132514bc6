"""The list of campaigns and the page of one. A constant number of queries, whatever the list holds."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Count, IntegerField, QuerySet, Value, When

from accounts.models import Account
from campaigns.domain.states import CampaignStatus
from campaigns.models import Campaign, CampaignExclusion, CampaignLane, CampaignList, Variation
from campaigns.selectors.figures import Figures, figures_of
from campaigns.selectors.states import SECRETS, CampaignState, LaneState, allowance_of, lane_states, states_of

# Tabs of the list: code -> the stored states behind it.
TABS: dict[str, tuple[str, ...]] = {
    "all": (),
    "running": (CampaignStatus.RUNNING,),
    "scheduled": (CampaignStatus.SCHEDULED,),
    "paused": (CampaignStatus.PAUSED,),
    "finished": (CampaignStatus.FINISHED, CampaignStatus.CANCELLED),
    "draft": (CampaignStatus.DRAFT,),
}
_ORDER = (
    CampaignStatus.RUNNING,
    CampaignStatus.PAUSED,
    CampaignStatus.SCHEDULED,
    CampaignStatus.DRAFT,
    CampaignStatus.FINISHED,
    CampaignStatus.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One campaign as a list shows it."""

    campaign: Campaign
    state: CampaignState
    figures: Figures
    numbers: tuple[str, ...]  # names of its connections

    @property
    def is_live(self) -> bool:
        return self.campaign.status == CampaignStatus.RUNNING


def list_campaigns(*, account: Account, tab: str = "all", search: str = "") -> QuerySet[Campaign]:
    """Active ones first, then the most recent. An unknown tab shows all."""
    rows = Campaign.objects.filter(account=account).select_related("created_by")
    if TABS.get(tab):
        rows = rows.filter(status__in=TABS[tab])
    if search:
        rows = rows.filter(name__icontains=search)
    rank = Case(
        *(When(status=status, then=Value(place)) for place, status in enumerate(_ORDER)), output_field=IntegerField()
    )
    return rows.annotate(rank=rank).order_by("rank", "-created_at", "-pk")


def with_parts(rows: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """The same campaigns with their lists, numbers and texts read along: three queries more, however many rows."""
    return rows.prefetch_related("campaign_lists", "campaign_lanes__lane", "variations")


def tab_counts(*, account: Account) -> dict[str, int]:
    """How many campaigns stand behind each tab. One query."""
    counted = Campaign.objects.filter(account=account).values_list("status").annotate(n=Count("pk")).order_by()
    by_status = dict(counted)
    counts = {tab: sum(by_status.get(status, 0) for status in statuses) for tab, statuses in TABS.items()}
    return counts | {"all": sum(by_status.values())}


def rows_of(campaigns: Sequence[Campaign], *, account: Account, now: dt.datetime) -> list[CampaignRow]:
    """These campaigns as rows, in their order. Three queries at most."""
    states = states_of(campaigns, account=account, now=now)
    numbers: dict[int, list[str]] = defaultdict(list)
    chosen = CampaignLane.objects.filter(campaign__in=campaigns).order_by("lane_id")
    for campaign_id, name in chosen.values_list("campaign_id", "lane__connection__name"):
        numbers[campaign_id].append(name)
    return [CampaignRow(row, states[row.pk], figures_of(row), tuple(numbers[row.pk])) for row in campaigns]


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """What the page of one campaign shows beside its messages."""

    campaign: Campaign
    state: CampaignState
    figures: Figures
    lanes: tuple[LaneState, ...]
    lists: tuple[str, ...]
    selected: int  # leads of its lists: audience plus those left out
    losses: tuple[tuple[str, int], ...]  # reason -> leads left out, most first
    variations: tuple[Variation, ...]


def campaign_page(*, account: Account, campaign: Campaign, now: dt.datetime) -> CampaignPage:
    """Six queries."""
    account_facts = allowance_of(account)
    chosen = CampaignLane.objects.filter(campaign=campaign).select_related("lane__connection")
    chosen = chosen.defer(*(f"lane__connection__{name}" for name in SECRETS)).order_by("lane_id")
    losses = CampaignExclusion.objects.filter(campaign=campaign).values_list("reason").annotate(n=Count("pk"))
    lists = CampaignList.objects.filter(campaign=campaign).order_by("position")
    return CampaignPage(
        campaign=campaign,
        state=states_of([campaign], account=account, now=now)[campaign.pk],
        figures=figures_of(campaign),
        lanes=tuple(lane_states([row.lane for row in chosen], account=account_facts, now=now)),
        lists=tuple(lists.values_list("list__name", flat=True)),
        selected=campaign.audience_count + campaign.excluded_count,
        losses=tuple(losses.order_by("-n", "reason")),
        variations=tuple(campaign.variations.order_by("position")),
    )
