"""What each number of a campaign has room for: the values by which leads are dealt."""

from __future__ import annotations

import datetime as dt

from billing.models import SendAllowance
from campaigns.domain import gates
from campaigns.domain.dealing import Standing
from campaigns.models import Campaign, ConnectionState
from campaigns.selectors import facts
from campaigns.selectors.states import SECRETS


def standings(*, campaign: Campaign, now: dt.datetime, only_connected: bool = False) -> dict[int, Standing]:
    """By connection id, in the order in which they were connected; removed numbers are left out. Two queries."""
    row = SendAllowance.objects.filter(account_id=campaign.account_id).select_related("account").first()
    account = facts.account_facts([row or SendAllowance(account=campaign.account)])[campaign.account_id]
    day = gates.account_day(account, now=now)
    chosen = campaign.campaign_lanes.filter(lane__connection__archived_at__isnull=True)
    if only_connected:
        chosen = chosen.filter(lane__connection__state=ConnectionState.CONNECTED)
    chosen = chosen.select_related("lane__connection").defer(*(f"lane__connection__{name}" for name in SECRETS))
    found = {}
    for turn in chosen.order_by("lane__connection_id"):
        lane = facts.lane_facts(turn.lane, turn.lane.connection)
        limit = gates.lane_limit(lane, account)
        room = max(limit - gates.used_on_day(day, lane.used_on, lane.used_count), 0)
        connection_id = turn.lane.connection_id
        found[connection_id] = Standing(connection_id, room, limit, turn.dealt_count)
    return found
