"""Makes the messages of a started campaign, in batches in the background. Nothing is claimable before the last batch.

Each batch reads the next leads of the campaign's lists, in order, and gives every one an outcome: a message (text rendered,
number dealt) or an exclusion with its reason. The campaign row remembers how far it got, so a crash repeats nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from campaigns.domain import render
from campaigns.domain.states import CampaignStatus
from campaigns.models import Campaign, CampaignExclusion, CampaignMessage, Variation
from campaigns.services import locks
from extraction.models import Lead

BATCH = 500


def materialise_started(*, now: dt.datetime, batches: int = 20) -> int:
    """Advance every started campaign whose audience is not complete, oldest first, by at most `batches` in all.

    Gives how many batches were made; the caller runs again while there are any.
    """
    made = 0
    waiting = Campaign.objects.filter(status=CampaignStatus.RUNNING, audience_ready_at__isnull=True).order_by(
        "started_at"
    )
    for campaign_id, account_id in list(waiting.values_list("pk", "account_id")[:batches]):
        while made < batches:
            made += 1
            if not _next_batch(campaign_id, account_id, now=now):
                break
    return made


def _next_batch(campaign_id: int, account_id: int, *, now: dt.datetime) -> bool:
    """Make one batch; False when the audience is complete (or the campaign is no longer running)."""
    with transaction.atomic():
        campaign = locks.lock_campaigns([campaign_id]).get(campaign_id)
        if campaign is None or campaign.audience_ready_at is not None or campaign.status != CampaignStatus.RUNNING:
            return False
        leads = _next_leads(campaign)
        if leads is not None:
            _make(campaign, leads)
            return True
    return _complete(campaign_id, account_id, now=now)


def _complete(campaign_id: int, account_id: int, *, now: dt.datetime) -> bool:
    """Open the audience to the claim, and wake the campaign's lanes last."""
    with transaction.atomic():
        locks.lock_account(account_id)
        lanes = locks.lock_lanes(lane_ids=_lane_ids(campaign_id))
        campaign = locks.lock_campaigns([campaign_id])[campaign_id]
        if campaign.audience_ready_at is None and campaign.status == CampaignStatus.RUNNING:
            campaign.audience_ready_at = now
            campaign.save(update_fields=["audience_ready_at"])
            locks.wake(lanes, now=now)
    return False


def _lane_ids(campaign_id: int) -> list[int]:
    return list(Campaign.lanes.through.objects.filter(campaign_id=campaign_id).values_list("lane_id", flat=True))


def _next_leads(campaign: Campaign) -> list[Lead] | None:
    """The next leads after the mark, moving on to the next list when one is read; None after the last."""
    lists = list(campaign.campaign_lists.order_by("position").values_list("list_id", flat=True))
    while campaign.audience_list < len(lists):
        rows = Lead.objects.filter(list_id=lists[campaign.audience_list], pk__gt=campaign.audience_lead)
        leads = list(rows.order_by("pk")[:BATCH])
        if leads:
            return leads
        campaign.audience_list, campaign.audience_lead = campaign.audience_list + 1, 0
    return None


def _make(campaign: Campaign, leads: Sequence[Lead]) -> None:
    variations = list(campaign.variations.order_by("position"))
    connections = list(campaign.campaign_lanes.order_by("lane_id").values_list("lane__connection_id", flat=True))
    phones = [lead.phone for lead in leads if lead.phone]
    taken = set(CampaignMessage.objects.filter(campaign=campaign, phone__in=phones).values_list("phone", flat=True))
    messages: list[CampaignMessage] = []
    exclusions: list[CampaignExclusion] = []
    for lead in leads:
        reason, body = "", ""
        position = campaign.audience_count + len(messages)
        variation = variations[render.variation_for(position, len(variations))]
        if not lead.phone or not lead.contactable:
            reason = lead.reason or "not_contactable"
        elif lead.phone in taken:
            reason = "duplicate_in_campaign"
        else:
            reason, body = _text(campaign, variation, lead)
        if reason:
            exclusions.append(
                CampaignExclusion(account_id=campaign.account_id, campaign=campaign, lead=lead, reason=reason)
            )
            continue
        taken.add(lead.phone or "")
        connection_id = connections[position % len(connections)]
        messages.append(_message(campaign, lead, variation, connection_id, position=position, body=body))
    CampaignMessage.objects.bulk_create(messages)
    CampaignExclusion.objects.bulk_create(exclusions, ignore_conflicts=True)
    campaign.audience_lead = leads[-1].pk
    campaign.audience_count += len(messages)
    campaign.queued_count += len(messages)
    campaign.excluded_count += len(exclusions)
    campaign.save(update_fields=["audience_list", "audience_lead", "audience_count", "queued_count", "excluded_count"])


def _text(campaign: Campaign, variation: Variation, lead: Lead) -> tuple[str, str]:
    """("", text), or (reason, "") for a lead whose text would have a hole."""
    values = render.lead_values(name=lead.name, city=lead.city, uf=lead.uf, email=lead.email, variables=lead.variables)
    try:
        return "", render.render(variation.body, values=values, name_fallback=campaign.name_fallback)
    except render.Unrenderable as error:
        return error.code, ""


def _message(
    campaign: Campaign, lead: Lead, variation: Variation, connection_id: int, *, position: int, body: str
) -> CampaignMessage:
    return CampaignMessage(
        account_id=campaign.account_id,
        campaign=campaign,
        lead=lead,
        connection_id=connection_id,
        variation=variation,
        position=position,
        name=lead.name,
        phone=lead.phone or "",
        body=body,
    )
