"""Every number's lane for an operator: what it may do, since when it sends, and what the gateway said last."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from accounts.models import Account
from billing.models import SendAllowance
from campaigns.models import Attempt, CampaignMessage, SendLane
from campaigns.selectors import facts
from campaigns.selectors.states import SECRETS, LaneState, lane_states


@dataclass(frozen=True, slots=True)
class LaneReport:
    """A lane with its verdict, today's use, and its last answer; times are UTC, None where there is none."""

    state: LaneState
    in_flight_since: dt.datetime | None
    last_answer: Attempt | None


def lane_reports(*, account: Account | None = None, now: dt.datetime) -> list[LaneReport]:
    """All lanes that are not removed, or those of one account, in the order of their numbers. Four queries."""
    rows = SendLane.objects.filter(connection__archived_at__isnull=True).select_related("connection", "account")
    rows = rows.filter(account=account) if account is not None else rows
    newest = Attempt.objects.filter(message__connection=OuterRef("connection")).order_by("-pk").values("pk")[:1]
    lanes = list(
        rows.defer(*(f"connection__{name}" for name in SECRETS))
        .annotate(last_attempt=Subquery(newest))
        .order_by("account_id", "pk")
    )
    owners = {lane.account_id: lane.account for lane in lanes}
    allowances = {row.pk: row for row in SendAllowance.objects.filter(pk__in=owners)}
    known = []
    for pk, owner in owners.items():
        allowance = allowances.get(pk) or SendAllowance(account=owner)
        allowance.account = owner
        known.append(allowance)
    accounts = facts.account_facts(known)
    attempts = Attempt.objects.in_bulk([lane.last_attempt for lane in lanes if lane.last_attempt])
    tokens = [lane.in_flight_token for lane in lanes if lane.in_flight_token]
    claimed = dict(CampaignMessage.objects.filter(claim_token__in=tokens).values_list("claim_token", "claimed_at"))
    return [
        LaneReport(
            lane_states([lane], account=accounts[lane.account_id], now=now)[0],
            claimed.get(lane.in_flight_token),
            attempts.get(lane.last_attempt),
        )
        for lane in lanes
    ]
