"""The end of doubt about a message: by what the gateway reports, or by a person, whose decision is kept.

Whoever settles a row takes its claim token away: an answer that is recorded later finds nothing to settle, and the other
way round. Everything happens under the campaign's lock, which the record holds too.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from accounts.models import User
from campaigns.domain.states import CampaignStatus, MessageStatus
from campaigns.errors import NotUnconfirmed, WrongState
from campaigns.models import Campaign, CampaignMessage, Decision, SendLane, UsageDay
from campaigns.services import locks, usage
from campaigns.services.counters import Moves, move
from campaigns.services.record import BEHIND
from leads_infinitos.kernel.clock import local_day


@dataclass(frozen=True, slots=True)
class Proof:
    """That an unconfirmed message left: the gateway's id of it ("" where a person says so) and about when."""

    message: CampaignMessage
    gateway_message_id: str
    left_at: dt.datetime


def settle_as_sent(proofs: Sequence[Proof], *, campaigns: Mapping[int, Campaign]) -> set[int]:
    """Move unconfirmed messages to sent; gives the ids of those that still were. The caller holds their campaigns."""
    settled = []
    for proof in sorted(proofs, key=lambda proof: proof.message.pk):
        open_row = CampaignMessage.objects.filter(pk=proof.message.pk, status=MessageStatus.UNCONFIRMED)
        if open_row.update(
            status=MessageStatus.SENT,
            gateway_message_id=proof.gateway_message_id,
            sent_at=proof.left_at,
            claim_token=None,
            reason="",
        ):
            settled.append(proof)
    _count(settled, MessageStatus.SENT, campaigns=campaigns)
    return {proof.message.pk for proof in settled}


def count_as_sent(*, message: CampaignMessage, by: User | None, now: dt.datetime) -> CampaignMessage:
    """A person says that it arrived. Raises NotUnconfirmed when it was settled meanwhile."""
    with transaction.atomic():
        campaigns = locks.lock_campaigns([message.campaign_id])
        row = _unconfirmed(message)
        settle_as_sent([Proof(row, "", row.answered_at or row.claimed_at or now)], campaigns=campaigns)
        _note(row, Decision.Kind.COUNT_AS_SENT, by=by, now=now)
        row.refresh_from_db()
        return row


def send_again(*, message: CampaignMessage, by: User | None, now: dt.datetime) -> CampaignMessage:
    """A person wants it sent once more, knowing that it may arrive twice: it queues behind the others of its campaign.

    A finished campaign runs again. Every gate applies as to any message. Raises NotUnconfirmed, and WrongState in a
    cancelled campaign.
    """
    with transaction.atomic():
        locks.lock_account(message.account_id)
        lane_ids = SendLane.objects.filter(connection_id=message.connection_id).values_list("pk", flat=True)
        lanes = locks.lock_lanes(lane_ids=list(lane_ids))
        campaigns = locks.lock_campaigns([message.campaign_id])
        campaign = campaigns[message.campaign_id]
        if campaign.status == CampaignStatus.CANCELLED:
            raise WrongState(status=campaign.status, wanted="send_again")
        row = _unconfirmed(message)
        if campaign.status == CampaignStatus.FINISHED:
            campaign.status, campaign.finished_at = CampaignStatus.RUNNING, None
            campaign.save(update_fields=["status", "finished_at"])
        CampaignMessage.objects.filter(pk=row.pk).update(
            status=MessageStatus.QUEUED, position=F("position") + BEHIND, claim_token=None, reason="", tries=0
        )
        _count([Proof(row, "", now)], MessageStatus.QUEUED, campaigns=campaigns)
        _note(row, Decision.Kind.SEND_AGAIN, by=by, now=now)
        locks.wake(lanes, now=now)
        row.refresh_from_db()
        return row


def _unconfirmed(message: CampaignMessage) -> CampaignMessage:
    """The row as it is now, under its campaign's lock."""
    row = CampaignMessage.objects.select_related("account").get(account_id=message.account_id, pk=message.pk)
    if row.status != MessageStatus.UNCONFIRMED:
        raise NotUnconfirmed
    return row


def _note(row: CampaignMessage, kind: Decision.Kind, *, by: User | None, now: dt.datetime) -> None:
    Decision.objects.create(account_id=row.account_id, message=row, kind=kind, decided_by=by, decided_at=now)


def _count(proofs: Sequence[Proof], target: MessageStatus, *, campaigns: Mapping[int, Campaign]) -> None:
    """Counters and statistics: what left the doubtful ones, and where it went."""
    if not proofs:
        return
    moves, days = Moves(), usage.Days()
    last_sent: dict[int, dt.datetime] = {}
    doubtful = _doubtful_days([proof.message for proof in proofs])
    for proof in proofs:
        row = proof.message
        moves.add(row.campaign_id, MessageStatus.UNCONFIRMED, target)
        sent = int(target is MessageStatus.SENT)
        day = _day(row, doubtful[row.campaign_id], proof.left_at)
        left = doubtful[row.campaign_id].get(day, 0)
        days.add(row.account_id, row.campaign_id, day, unconfirmed=-1 if left else 0, sent=sent)
        doubtful[row.campaign_id][day] = max(left - 1, 0)
        if sent:
            held = last_sent.get(row.campaign_id) or campaigns[row.campaign_id].last_sent_at
            last_sent[row.campaign_id] = max(held or proof.left_at, proof.left_at)
    move(moves, campaigns=campaigns, last_sent=last_sent)
    days.write()


def _doubtful_days(messages: Collection[CampaignMessage]) -> dict[int, dict[dt.date, int]]:
    """How many unconfirmed each local day of a campaign counts; nothing moves them while the campaign is held."""
    found: dict[int, dict[dt.date, int]] = defaultdict(dict)
    rows = UsageDay.objects.filter(
        account_id__in={row.account_id for row in messages},
        campaign_ref__in={row.campaign_id for row in messages},
        unconfirmed__gt=0,
    )
    for campaign_id, day, count in rows.values_list("campaign_ref", "day", "unconfirmed"):
        found[campaign_id][day] = count
    return found


def _day(row: CampaignMessage, doubtful: Mapping[dt.date, int], left_at: dt.datetime) -> dt.date:
    """The local day that the claim counted on; the nearest that counts a doubtful one when the zone changed since."""
    day = local_day(row.claimed_at or left_at, row.account.time_zone)
    counting = [other for other, count in doubtful.items() if count]
    return min(counting, key=lambda other: abs(other - day), default=day)
