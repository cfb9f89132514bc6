"""The numbers of an account as cards, and what a campaign may choose from."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Account
from campaigns.domain.states import CampaignStatus
from campaigns.models import CampaignLane, Connection, SendLane
from campaigns.selectors.states import SECRETS, LaneState, allowance_of, lane_states
from extraction.models import Lead, LeadList

OPEN = (CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.PAUSED)


@dataclass(frozen=True, slots=True)
class ConnectionCard:
    """A number with what its lane may do now."""

    connection: Connection
    state: LaneState
    open_campaigns: int

    @property
    def remove_id(self) -> str:
        """The name of its question before removal, on the page."""
        return f"remove-{self.connection.pk}"


def list_connections(*, account: Account) -> QuerySet[Connection]:
    """The numbers that are not removed, with their lanes, oldest first; their secrets are not loaded."""
    rows = Connection.objects.filter(account=account, archived_at__isnull=True).select_related("lane")
    return rows.defer(*SECRETS).order_by("pk")


def connection_cards(*, account: Account, now: dt.datetime) -> list[ConnectionCard]:
    """Three queries."""
    connections = list(list_connections(account=account))
    lanes = [_lane(row) for row in connections]
    states = lane_states(lanes, account=allowance_of(account), now=now)
    used = CampaignLane.objects.filter(lane__in=lanes, campaign__status__in=OPEN).values_list("lane_id", flat=True)
    counts = Counter(used)
    return [ConnectionCard(row, state, counts[state.lane.pk]) for row, state in zip(connections, states, strict=True)]


def connection_card(*, account: Account, connection: Connection, now: dt.datetime) -> ConnectionCard:
    """One number as a card. Two queries."""
    state = lane_states([_lane(connection)], account=allowance_of(account), now=now)[0]
    used = CampaignLane.objects.filter(lane=connection.lane, campaign__status__in=OPEN).count()
    return ConnectionCard(connection, state, used)


def _lane(connection: Connection) -> SendLane:
    lane = connection.lane
    lane.connection = connection
    return lane


def list_choices(*, account: Account) -> QuerySet[LeadList]:
    """The lists a campaign may use, newest first; one without leads (a refused file left it) has nobody to write to."""
    return LeadList.objects.filter(account=account, lead_count__gt=0).order_by("-created_at", "-pk")


def example_lead(*, account: Account, list_ids: list[int]) -> Lead | None:
    """A lead with a name to preview a text with: from the chosen lists, else from any."""
    rows = Lead.objects.filter(account=account, contactable=True).exclude(name="")
    chosen = rows.filter(list_id__in=list_ids).order_by("pk").first() if list_ids else None
    return chosen or rows.order_by("pk").first()
