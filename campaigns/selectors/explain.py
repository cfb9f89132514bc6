"""Why something leaves or waits: what every gate says now, with the values it compared, and the earliest time.

The gates are those of the claim, asked with the rows as they are. Callers bring the restore guard's verdict.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.db.models import Q

from campaigns.domain import gates
from campaigns.domain.restoring import GuardVerdict
from campaigns.domain.states import CampaignStatus, MessageStatus
from campaigns.models import Campaign, CampaignLane, CampaignMessage, SendLane
from campaigns.selectors import facts
from campaigns.selectors.states import SECRETS, allowance_of


class Scope(StrEnum):
    INSTALLATION = "installation"
    ACCOUNT = "account"
    LANE = "lane"
    CAMPAIGN = "campaign"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Step:
    """One gate's answer about one row."""

    scope: Scope
    pk: int
    verdict: gates.Verdict


@dataclass(frozen=True, slots=True)
class Explanation:
    """All answers in the order a claim asks. `ahead`: messages that leave before this one. `earliest`: the first moment at
    which it may leave, None when only an event (or nothing) can let it; with `is_settled` nothing waits any more.
    """

    scope: Scope
    pk: int
    status: str
    reason: str
    steps: tuple[Step, ...] = ()
    earliest: dt.datetime | None = None
    ahead: int = 0
    is_settled: bool = False

    @property
    def deciding(self) -> Step | None:
        """The first gate that does not say yes."""
        return next((step for step in self.steps if not step.verdict.may_send), None)


def explain_message(*, message: CampaignMessage, guard: GuardVerdict, now: dt.datetime) -> Explanation:
    """What a message waits for; of one that is settled, its state and reason."""
    if message.status != MessageStatus.QUEUED:
        return Explanation(Scope.MESSAGE, message.pk, message.status, message.reason, is_settled=True)
    campaign, lane = message.campaign, _lanes(Q(connection_id=message.connection_id))[0]
    account = allowance_of(campaign.account)
    known = facts.message_facts([message])[message.pk]
    own = gates.message_verdict(known, account, now=now, tally=gates.Tally())
    steps = (
        *_shared(campaign, account, guard, now=now),
        *_lane_steps(lane, account, now=now),
        *_campaign_steps(campaign, account, now=now),
        Step(Scope.MESSAGE, message.pk, own),
    )
    before = Q(position__lt=message.position) | Q(position=message.position, pk__lt=message.pk)
    ahead = CampaignMessage.objects.filter(
        before, campaign=campaign, connection_id=message.connection_id, status=MessageStatus.QUEUED
    ).count()
    earliest = _earliest(steps, campaign, lane, account, ahead=ahead, now=now)
    return Explanation(Scope.MESSAGE, message.pk, message.status, message.reason, steps, earliest, ahead)


def explain_campaign(*, campaign: Campaign, guard: GuardVerdict, now: dt.datetime) -> Explanation:
    """What its next message waits for, number by number; the earliest of what they allow."""
    account = allowance_of(campaign.account)
    lane_ids = CampaignLane.objects.filter(campaign=campaign).values_list("lane_id", flat=True)
    lanes = _lanes(Q(pk__in=lane_ids))
    shared, own = _shared(campaign, account, guard, now=now), _campaign_steps(campaign, account, now=now)
    by_lane = {lane.pk: _lane_steps(lane, account, now=now) for lane in lanes}
    none = () if lanes else (Step(Scope.CAMPAIGN, campaign.pk, gates.Verdict(gates.Answer.WAIT, "no_connection")),)
    steps = (*shared, *none, *(step for group in by_lane.values() for step in group), *own)
    times = [_earliest((*shared, *by_lane[lane.pk], *own), campaign, lane, account, ahead=0, now=now) for lane in lanes]
    settled = campaign.status in (CampaignStatus.FINISHED, CampaignStatus.CANCELLED)
    earliest = min((moment for moment in times if moment), default=None)
    return Explanation(
        Scope.CAMPAIGN, campaign.pk, campaign.status, campaign.pause_reason, steps, earliest, is_settled=settled
    )


def explain_lane(*, lane: SendLane, guard: GuardVerdict, now: dt.datetime) -> Explanation:
    """What a number waits for, whatever its campaigns say."""
    account = allowance_of(lane.account)
    steps = (_guard_step(guard), _account_step(account, now=now), *_lane_steps(lane, account, now=now))
    earliest = _when(steps, now=now)
    return Explanation(Scope.LANE, lane.pk, lane.connection.state, lane.rest_reason, steps, earliest)


def find_lane(pk: int) -> SendLane | None:
    """A lane with its connection and account, for explain_lane."""
    return next(iter(_lanes(Q(pk=pk))), None)


def _lanes(which: Q) -> list[SendLane]:
    rows = SendLane.objects.filter(which).select_related("connection", "account").order_by("pk")
    return list(rows.defer(*(f"connection__{name}" for name in SECRETS)))


def _shared(
    campaign: Campaign, account: gates.AccountFacts, guard: GuardVerdict, *, now: dt.datetime
) -> tuple[Step, ...]:
    status = Step(Scope.CAMPAIGN, campaign.pk, _status_verdict(campaign))
    return _guard_step(guard), _account_step(account, now=now), status


def _guard_step(guard: GuardVerdict) -> Step:
    compared: dict[str, object] = {"ledger": guard.ledger, "witness": guard.witness, "behind": guard.behind}
    verdict = gates.Verdict(gates.Answer.WAIT, guard.stop, None, compared) if guard.stop else gates.SEND
    return Step(Scope.INSTALLATION, 1, verdict)


def _account_step(account: gates.AccountFacts, *, now: dt.datetime) -> Step:
    return Step(Scope.ACCOUNT, account.account_id, gates.account_verdict(account, now=now, tally=gates.Tally()))


def _status_verdict(campaign: Campaign) -> gates.Verdict:
    if campaign.status == CampaignStatus.PAUSED:
        return gates.Verdict(gates.Answer.WAIT, campaign.pause_reason or "by_user")
    if campaign.status == CampaignStatus.SCHEDULED:
        return gates.Verdict(gates.Answer.WAIT, "campaign_scheduled", campaign.starts_at)
    if campaign.status == CampaignStatus.CANCELLED:
        return gates.Verdict(gates.Answer.SKIP, "campaign_cancelled")
    if campaign.status != CampaignStatus.RUNNING:
        return gates.Verdict(gates.Answer.WAIT, f"campaign_{campaign.status}")
    return gates.SEND if campaign.audience_ready_at else gates.Verdict(gates.Answer.WAIT, "preparing")


def _lane_steps(lane: SendLane, account: gates.AccountFacts, *, now: dt.datetime) -> tuple[Step, ...]:
    """The number's gates, where the account's own say yes, and then its pace."""
    known = facts.lane_facts(lane, lane.connection)
    verdict = gates.lane_verdict(known, account, now=now, tally=gates.Tally())
    pace = gates.SEND
    if lane.in_flight_token:
        # Its answer may come at once, and then the shortest gap follows.
        pace = gates.Verdict(gates.Answer.WAIT, "lane_in_flight", now + dt.timedelta(seconds=lane.gap_min_s))
    elif lane.not_before > now:
        pace = gates.Verdict(gates.Answer.WAIT, "pace", lane.not_before)
    is_accounts = not gates.account_verdict(account, now=now, tally=gates.Tally()).may_send
    steps = [] if is_accounts else [Step(Scope.LANE, lane.pk, verdict)]
    return *steps, Step(Scope.LANE, lane.pk, pace)


def _campaign_steps(campaign: Campaign, account: gates.AccountFacts, *, now: dt.datetime) -> tuple[Step, ...]:
    known = facts.campaign_facts(campaign)
    return (Step(Scope.CAMPAIGN, campaign.pk, gates.campaign_verdict(known, account, now=now, tally=gates.Tally())),)


def _when(steps: Iterable[Step], *, now: dt.datetime) -> dt.datetime | None:
    """When the last of these waits ends; None where one of them names no end."""
    waits = [step.verdict for step in steps if not step.verdict.may_send]
    ends = [
        now if verdict.answer is gates.Answer.DEFER else verdict.until
        for verdict in waits
        if verdict.answer is not gates.Answer.SKIP
    ]
    if len(ends) < len(waits) or None in ends:
        return None
    return max([now, *(end for end in ends if end)])


def _earliest(
    steps: Sequence[Step],
    campaign: Campaign,
    lane: SendLane,
    account: gates.AccountFacts,
    *,
    ahead: int,
    now: dt.datetime,
) -> dt.datetime | None:
    """Not before that, if all goes well: those ahead of it each take the shortest gap, and the window must be open then."""
    free = _when(steps, now=now)
    if free is None:
        return None
    gap_s = max(lane.gap_min_s, account.min_gap_s, settings.MIN_GAP_S)
    moment = free + dt.timedelta(seconds=ahead * gap_s)
    return facts.campaign_facts(campaign).window.next_open(moment, account.time_zone)
