"""Running campaigns that do not move although their window is open, each with its cause. Nothing of it is stored."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, Max, OuterRef

from accounts.models import Account
from billing.models import SendAllowance
from campaigns.domain import gates
from campaigns.domain.restoring import GuardVerdict
from campaigns.domain.stalls import STALL_S, Cause, LaneView, cause_of
from campaigns.domain.states import CampaignStatus
from campaigns.models import Campaign, CampaignLane, CampaignMessage
from campaigns.selectors import facts
from campaigns.selectors.states import SECRETS


@dataclass(frozen=True, slots=True)
class Stall:
    """A campaign without progress since `since`, and why."""

    campaign: Campaign
    since: dt.datetime
    cause: Cause
    lane_ids: tuple[int, ...]


def list_stalls(*, guard: Callable[[], GuardVerdict], now: dt.datetime, account: Account | None = None) -> list[Stall]:
    """Of all accounts, or of one; the guard is asked where something stands still. One query when everything moves, three
    more and the guard's when something does not.
    """
    running = Campaign.objects.filter(
        status=CampaignStatus.RUNNING, audience_ready_at__isnull=False, queued_count__gt=0
    )
    running = running.filter(account=account) if account is not None else running
    rows = running.annotate(served_at=Max("campaign_lanes__served_at")).select_related("account").order_by("pk")
    before = now - dt.timedelta(seconds=STALL_S)
    still = [(row, since) for row in rows if (since := _moved_at(row)) <= before and _was_open(row, before, now)]
    return _with_causes(still, guard=guard(), now=now) if still else []


def _moved_at(row: Campaign) -> dt.datetime:
    """The last sign of life: a claim served it, a message left, it began."""
    served_at: dt.datetime | None = getattr(row, "served_at", None)
    signs = (served_at, row.last_sent_at, row.started_at, row.audience_ready_at)
    return max(sign for sign in signs if sign is not None)


def _was_open(row: Campaign, before: dt.datetime, now: dt.datetime) -> bool:
    window, zone = facts.campaign_facts(row).window, row.account.time_zone
    return window.is_open(now, zone) and window.is_open(before, zone)


def _with_causes(
    still: Sequence[tuple[Campaign, dt.datetime]], *, guard: GuardVerdict, now: dt.datetime
) -> list[Stall]:
    waiting = CampaignMessage.objects.filter(
        campaign=OuterRef("campaign"), connection=OuterRef("lane__connection"), status="queued"
    )
    lanes: dict[int, list[CampaignLane]] = defaultdict(list)
    used = CampaignLane.objects.filter(campaign__in=[row for row, _ in still]).annotate(has_queue=Exists(waiting))
    hidden = (f"lane__connection__{name}" for name in SECRETS)
    for turn in used.select_related("lane__connection").defer(*hidden).order_by("lane_id"):
        lanes[turn.campaign_id].append(turn)
    allowances = {row.pk: row for row in SendAllowance.objects.filter(pk__in={row.account_id for row, _ in still})}
    found = []
    for row, since in still:
        allowance = allowances.get(row.account_id) or SendAllowance(account=row.account)
        allowance.account = row.account
        account = facts.account_facts([allowance])[row.account_id]
        turns = lanes[row.pk]
        cause = cause_of(
            guard=guard,
            campaign=_verdict(row, account, now=now),
            has_numbers=bool(turns),
            lanes=[_view(turn, account, now=now) for turn in turns if getattr(turn, "has_queue", False)],
            now=now,
        )
        found.append(Stall(row, since, cause, tuple(turn.lane_id for turn in turns)))
    return found


def _verdict(row: Campaign, account: gates.AccountFacts, *, now: dt.datetime) -> gates.Verdict:
    verdict = gates.account_verdict(account, now=now, tally=gates.Tally())
    if not verdict.may_send:
        return verdict
    return gates.campaign_verdict(facts.campaign_facts(row), account, now=now, tally=gates.Tally())


def _view(turn: CampaignLane, account: gates.AccountFacts, *, now: dt.datetime) -> LaneView:
    lane = turn.lane
    verdict = gates.lane_verdict(facts.lane_facts(lane, lane.connection), account, now=now, tally=gates.Tally())
    in_flight_until = lane.in_flight_until if lane.in_flight_token else None
    return LaneView(lane.pk, verdict, lane.not_before, lane.wake_at, in_flight_until)
