"""What a person or the clock does to a campaign: create, edit, start, schedule, pause, resume, cancel, finish.

Each locks the account's allowance first, then lanes, then the campaign, and wakes lanes last: a pause or a cancel is in
force before the next claim.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from django.db import transaction
from django.db.models import F

from accounts.models import Account, User
from billing.models import SendAllowance
from campaigns.domain import pacing, render
from campaigns.domain.pacing import Window, WindowError
from campaigns.domain.states import CampaignStatus, MessageStatus, campaign_may_become
from campaigns.errors import (
    CampaignIncomplete,
    DealInvalid,
    ForeignObject,
    NoAccess,
    StartInPast,
    TextInvalid,
    WindowInvalid,
    WrongState,
)
from campaigns.models import (
    Campaign,
    CampaignLane,
    CampaignList,
    CampaignMessage,
    Connection,
    Variation,
    default_window,
)
from campaigns.services import locks
from campaigns.services.counters import Moves, move
from extraction.models import LeadList

logger = logging.getLogger("campaigns")

MAX_VARIATIONS = 10
TEXT_LIMIT = 4000
CANCEL_BATCH = 1000
LATE_START = "late_start"  # pause_reason of a scheduled campaign whose time passed while nothing ran


class Start(Enum):
    """A start that the plan does not speak of."""

    KEEP = "keep"


KEEP: Final = Start.KEEP


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """What a person chose for a campaign; ids are of their own account. `window` as Campaign.window, None = default.
    `starts_at`: None takes a marked start away, KEEP leaves it as it is.
    """

    name: str
    list_ids: Sequence[int] = ()
    connection_ids: Sequence[int] = ()
    texts: Sequence[str] = ()
    name_fallback: str = ""
    window: list[list[list[int]]] | None = None
    skip_holidays: bool = False
    daily_cap: int | None = None
    starts_at: dt.datetime | Start | None = KEEP


def create_campaign(*, account: Account, plan: CampaignPlan, by: User | None, now: dt.datetime) -> Campaign:
    """A draft. Raises ForeignObject, TextInvalid, WindowInvalid."""
    with transaction.atomic():
        campaign = Campaign.objects.create(account=account, name=plan.name, created_by=by, created_at=now)
        _apply(campaign, plan)
        return campaign


def edit_campaign(*, campaign: Campaign, plan: CampaignPlan, now: dt.datetime) -> Campaign:
    """Replace what the draft (or scheduled campaign) says. Raises WrongState and what create_campaign raises.

    A scheduled one must stay complete, else CampaignIncomplete, and its start in the future, else StartInPast; one whose
    start is taken away is a draft again.
    """
    with transaction.atomic():
        locks.lock_account(campaign.account_id)
        row = locks.lock_campaigns([campaign.pk])[campaign.pk]
        if row.status not in (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED):
            raise WrongState(status=row.status, wanted="edit")
        row.name = plan.name
        if row.status == CampaignStatus.SCHEDULED and plan.starts_at is None:
            row.status = CampaignStatus.DRAFT
        _apply(row, plan)
        if row.status == CampaignStatus.SCHEDULED:
            if isinstance(plan.starts_at, dt.datetime) and plan.starts_at <= now:
                raise StartInPast
            _check_complete(row)
        return row


def _apply(campaign: Campaign, plan: CampaignPlan) -> None:
    try:
        Window.of(plan.window if plan.window is not None else default_window())
    except (WindowError, TypeError) as error:
        raise WindowInvalid(day=getattr(error, "day", -1)) from error
    lists = LeadList.objects.filter(account_id=campaign.account_id).in_bulk(list(plan.list_ids))
    connections = Connection.objects.filter(account_id=campaign.account_id, archived_at__isnull=True).select_related(
        "lane"
    )
    chosen = connections.in_bulk(list(plan.connection_ids))
    if set(lists) != set(plan.list_ids) or set(chosen) != set(plan.connection_ids):
        raise ForeignObject
    _check_texts(plan, lists=list(lists.values()))
    campaign.name_fallback, campaign.daily_cap = plan.name_fallback, plan.daily_cap
    campaign.window = plan.window if plan.window is not None else default_window()
    campaign.skip_holidays = plan.skip_holidays
    if not isinstance(plan.starts_at, Start):
        campaign.starts_at = plan.starts_at
    campaign.save(
        update_fields=["name", "status", "name_fallback", "daily_cap", "window", "skip_holidays", "starts_at"]
    )
    owner = {"account_id": campaign.account_id, "campaign": campaign}
    campaign.campaign_lists.all().delete()
    CampaignList.objects.bulk_create(
        CampaignList(**owner, list_id=list_id, position=index)
        for index, list_id in enumerate(dict.fromkeys(plan.list_ids))
    )
    campaign.campaign_lanes.all().delete()
    CampaignLane.objects.bulk_create(CampaignLane(**owner, lane=connection.lane) for connection in chosen.values())
    campaign.variations.all().delete()
    Variation.objects.bulk_create(
        Variation(campaign=campaign, position=index, body=text) for index, text in enumerate(plan.texts)
    )


def _check_texts(plan: CampaignPlan, *, lists: Sequence[LeadList]) -> None:
    if len(plan.texts) > MAX_VARIATIONS:
        raise TextInvalid(variation=MAX_VARIATIONS + 1, problem="too_many_variations", field="")
    known = {key for row in lists for key in row.variable_keys}
    for problem in render.check_texts(plan.texts, known=known, limit=TEXT_LIMIT):
        raise TextInvalid(variation=problem.variation + 1, problem=problem.code, field=problem.field)


def start_campaign(*, campaign: Campaign, now: dt.datetime) -> Campaign:
    """Run it now: the audience is prepared in the background, then its messages leave at the pace of their numbers.

    Raises WrongState, CampaignIncomplete (with what is missing), NoAccess.
    """
    with transaction.atomic():
        allowance = locks.lock_account(campaign.account_id)
        row = _locked(campaign, CampaignStatus.RUNNING, only_from=(CampaignStatus.DRAFT, CampaignStatus.SCHEDULED))
        _check_complete(row)
        check_access(allowance, now=now)
        _begin(row, now=now)
        return row


def schedule_campaign(*, campaign: Campaign, starts_at: dt.datetime, now: dt.datetime) -> Campaign:
    """Let it start by itself. Raises StartInPast, WrongState, CampaignIncomplete, NoAccess."""
    if starts_at <= now:
        raise StartInPast
    with transaction.atomic():
        allowance = locks.lock_account(campaign.account_id)
        row = _locked(campaign, CampaignStatus.SCHEDULED, only_from=(CampaignStatus.DRAFT, CampaignStatus.SCHEDULED))
        _check_complete(row)
        check_access(allowance, now=now)
        row.status, row.starts_at = CampaignStatus.SCHEDULED, starts_at
        row.save(update_fields=["status", "starts_at"])
        return row


def start_due(*, now: dt.datetime, limit: int = 100) -> int:
    """Start the scheduled campaigns whose time has come; gives how many. One whose licence lapsed waits as running.

    One that is more than an hour late (nothing ran at its time) is paused instead, until a person says that it may start.
    """
    due = Campaign.objects.filter(status=CampaignStatus.SCHEDULED, starts_at__lte=now).order_by("starts_at")
    started = 0
    for campaign_id, account_id in due.values_list("pk", "account_id")[:limit]:
        with transaction.atomic():
            locks.lock_account(account_id)
            row = locks.lock_campaigns([campaign_id]).get(campaign_id)
            if row is None or row.status != CampaignStatus.SCHEDULED or row.starts_at is None or row.starts_at > now:
                continue
            if pacing.is_late_start(row.starts_at, now=now):
                _pause(row, reason=LATE_START)
                logger.warning("campaign.late_start", extra={"campaign_id": campaign_id, "account_id": account_id})
                continue
            _begin(row, now=now)
            started += 1
    return started


def pause_campaign(*, campaign: Campaign, reason: str = "by_user") -> Campaign:
    """Nothing more leaves until it is resumed; at most one message per number is already with WhatsApp."""
    with transaction.atomic():
        locks.lock_account(campaign.account_id)
        row = _locked(campaign, CampaignStatus.PAUSED)
        _pause(row, reason=reason)
        return row


def resume_campaign(*, campaign: Campaign, now: dt.datetime) -> Campaign:
    """Go on from now at the pace of its numbers; what was claimed before is not sent again. One that was paused before its
    scheduled time goes back to waiting for it. Raises WrongState.
    """
    with transaction.atomic():
        locks.lock_account(campaign.account_id)
        lanes = locks.lock_lanes(lane_ids=_lane_ids(campaign))
        row = _locked(campaign, CampaignStatus.RUNNING, only_from=(CampaignStatus.PAUSED,))
        row.pause_reason = ""
        if row.started_at is None and row.starts_at is not None and row.starts_at > now:
            row.status = CampaignStatus.SCHEDULED
        else:
            row.status, row.started_at = CampaignStatus.RUNNING, row.started_at or now
        row.save(update_fields=["status", "pause_reason", "started_at"])
        locks.wake(lanes, now=now)
        return row


def cancel_campaign(*, campaign: Campaign, now: dt.datetime) -> Campaign:
    """Stop it for good: one change of state. Its queued messages become cancelled in the background."""
    with transaction.atomic():
        locks.lock_account(campaign.account_id)
        row = _locked(campaign, CampaignStatus.CANCELLED)
        row.status, row.finished_at = CampaignStatus.CANCELLED, now
        row.save(update_fields=["status", "finished_at"])
        return row


def cancel_queued(*, now: dt.datetime, limit: int = CANCEL_BATCH) -> int:
    """Move one batch of each cancelled campaign's queued messages to cancelled; gives how many moved."""
    total = 0
    waiting = Campaign.objects.filter(status=CampaignStatus.CANCELLED, queued_count__gt=0).order_by("pk")
    for campaign_id in list(waiting.values_list("pk", flat=True)[:50]):
        with transaction.atomic():
            locked = locks.lock_campaigns([campaign_id])
            ids = list(
                CampaignMessage.objects.filter(campaign_id=campaign_id).queued().values_list("pk", flat=True)[:limit]
            )
            queued = CampaignMessage.objects.filter(pk__in=ids, status=MessageStatus.QUEUED)
            count = queued.update(status=MessageStatus.CANCELLED, reason="campaign_cancelled", answered_at=now)
            move(
                Moves({(campaign_id, "queued"): -count, (campaign_id, "cancelled"): count}),
                campaigns=locked,
            )
            total += count
    return total


def finish_done(*, now: dt.datetime) -> int:
    """Finish the running campaigns whose every message has an outcome; gives how many. Computed from the counters, which
    the database keeps equal to the audience.
    """
    done = Campaign.objects.filter(
        status=CampaignStatus.RUNNING, audience_ready_at__isnull=False, queued_count=0, sending_count=0
    )
    return done.update(status=CampaignStatus.FINISHED, finished_at=now)


def move_deals(*, campaign: Campaign, change: int) -> int:
    """Add to the campaign's closed deals (−1 or 1); gives the new number. Raises DealInvalid below zero."""
    rows = Campaign.objects.filter(pk=campaign.pk, closed_deals__gte=-change if change < 0 else 0)
    if not rows.update(closed_deals=F("closed_deals") + change):
        raise DealInvalid
    return Campaign.objects.values_list("closed_deals", flat=True).get(pk=campaign.pk)


def _locked(
    campaign: Campaign, target: CampaignStatus, *, only_from: Sequence[CampaignStatus] | None = None
) -> Campaign:
    row = locks.lock_campaigns([campaign.pk])[campaign.pk]
    allowed = row.status in only_from if only_from is not None else campaign_may_become(row.status, target)
    if not allowed:
        raise WrongState(status=row.status, wanted=target.value)
    return row


def _check_complete(campaign: Campaign) -> None:
    parts = {
        "lists": campaign.campaign_lists.exists(),
        "connections": campaign.campaign_lanes.filter(lane__connection__archived_at__isnull=True).exists(),
        "variations": campaign.variations.exists(),
    }
    missing = [name for name, there in parts.items() if not there]
    if missing:
        raise CampaignIncomplete(missing=missing)


def check_access(allowance: SendAllowance, *, now: dt.datetime) -> None:
    """Raises NoAccess where no licence is valid at `now`."""
    if allowance.send_until is None or allowance.send_until <= now:
        raise NoAccess


def _pause(campaign: Campaign, *, reason: str) -> None:
    campaign.status, campaign.pause_reason = CampaignStatus.PAUSED, reason
    campaign.save(update_fields=["status", "pause_reason"])


def _begin(campaign: Campaign, *, now: dt.datetime) -> None:
    campaign.status, campaign.started_at = CampaignStatus.RUNNING, now
    campaign.save(update_fields=["status", "started_at"])
    logger.info("campaign.started", extra={"campaign_id": campaign.pk, "account_id": campaign.account_id})


def _lane_ids(campaign: Campaign) -> list[int]:
    return list(campaign.campaign_lanes.values_list("lane_id", flat=True))
