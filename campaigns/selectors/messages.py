"""The messages of one campaign, by state, with search; and the leads that became none."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet

from campaigns.domain.states import MessageStatus
from campaigns.models import Campaign, CampaignExclusion, CampaignMessage
from campaigns.selectors.figures import Figures

if TYPE_CHECKING:
    _Pages = Paginator[CampaignMessage]
else:
    _Pages = Paginator  # not subscriptable when it runs

# Filters of the table, in its order: as the counters divide the audience, so that each count opens exactly its rows.
FILTERS = ("all", "queued", "sending", "sent", "failed", "invalid", "unconfirmed", "skipped", "cancelled")
# A failed message whose number was refused: the counter `invalid` (services.reconcile counts the same; a test compares).
INVALID_REASONS = ("not_on_whatsapp",)


def list_messages(*, campaign: Campaign, state: str = "all", search: str = "") -> QuerySet[CampaignMessage]:
    """In the order they leave; `search` finds names and digits of phones. An unknown state shows all."""
    rows = CampaignMessage.objects.filter(account_id=campaign.account_id, campaign=campaign)
    if state == "invalid":
        rows = rows.filter(status=MessageStatus.FAILED, reason__in=INVALID_REASONS)
    elif state == "failed":
        rows = rows.filter(status=MessageStatus.FAILED).exclude(reason__in=INVALID_REASONS)
    elif state in FILTERS[1:]:
        rows = rows.filter(status=state)
    digits = "".join(char for char in search if char.isdigit())
    if search:
        match = Q(name__icontains=search)
        rows = rows.filter(match | Q(phone__contains=digits) if digits else match)
    return rows.select_related("connection", "variation").defer(*_UNSEEN).order_by("position", "pk")


_UNSEEN = ("connection__instance_key", "connection__token", "connection__webhook_secret", "claim_token")


def count_in(figures: Figures, state: str) -> int:
    """How many messages a filter holds, from the counters."""
    return figures.buckets.get(state, figures.total)


class CountedPaginator(_Pages):
    """Pages whose total is known already: counting a large campaign for each page costs more than the page."""

    def __init__(self, rows: QuerySet[CampaignMessage], per_page: int, *, total: int | None) -> None:
        super().__init__(rows, per_page)
        self._total = total

    @cached_property
    def count(self) -> int:
        return super().count if self._total is None else self._total


def list_exclusions(*, campaign: Campaign, reason: str = "") -> QuerySet[CampaignExclusion]:
    """The leads of the campaign's lists that became no message."""
    rows = CampaignExclusion.objects.filter(account_id=campaign.account_id, campaign=campaign).select_related("lead")
    return (rows.filter(reason=reason) if reason else rows).order_by("pk")


def export_rows(*, campaign: Campaign) -> Iterator[dict[str, Any]]:
    """Every message as a row of plain values, read in portions, in the order they leave."""
    rows = list_messages(campaign=campaign)
    fields = (
        "name",
        "phone",
        "status",
        "receipt",
        "reason",
        "sent_at",
        "connection__name",
        "variation__position",
        "body",
    )
    yield from rows.values(*fields).iterator(chunk_size=2000)
