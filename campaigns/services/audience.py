"""Makes the messages of a started campaign, in batches in the background. Nothing is claimable before the last batch.

Each batch reads the next leads of the campaign's lists, in order, and gives every one an outcome: a message (text rendered,
number dealt) or an exclusion with its reason; a run that repeats failures reads those messages instead. The campaign row
remembers how far it got, so a crash repeats nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import deque
from collections.abc import Collection, Mapping, Sequence

from django.db import transaction

from campaigns.domain import dealing, render
from campaigns.domain.states import CampaignStatus
from campaigns.models import Campaign, CampaignExclusion, CampaignLane, CampaignMessage, ContactMemory, Variation
from campaigns.selectors.retries import retryable
from campaigns.selectors.rooms import standings
from campaigns.services import locks
from extraction.models import Lead

logger = logging.getLogger("campaigns")

BATCH = 500


def materialise_started(*, now: dt.datetime, batches: int = 20) -> int:
    """Advance every started campaign whose audience is not complete, in turn, by at most `batches` in all.

    Gives how many batches were made; the caller runs again while there are any. One that fails stops no other.
    """
    waiting = Campaign.objects.filter(status=CampaignStatus.RUNNING, audience_ready_at__isnull=True)
    turns = deque(waiting.order_by("started_at").values_list("pk", "account_id")[:batches])
    made = 0
    while turns and made < batches:
        campaign_id, account_id = turns.popleft()
        made += 1
        try:
            if _next_batch(campaign_id, account_id, now=now):
                turns.append((campaign_id, account_id))
        except Exception:
            logger.exception("audience.failed", extra={"campaign_id": campaign_id, "account_id": account_id})
    return made


def _next_batch(campaign_id: int, account_id: int, *, now: dt.datetime) -> bool:
    """Make one batch; False when the audience is complete (or the campaign is no longer running)."""
    with transaction.atomic():
        campaign = locks.lock_campaigns([campaign_id]).get(campaign_id)
        if campaign is None or campaign.audience_ready_at is not None or campaign.status != CampaignStatus.RUNNING:
            return False
        if _repeat_failures(campaign, now=now) if campaign.retry_of_id else _read_leads(campaign, now=now):
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


def _read_leads(campaign: Campaign, *, now: dt.datetime) -> bool:
    """Give the next leads of its lists their outcomes; False after the last."""
    leads = _next_leads(campaign)
    if leads is not None:
        _make(campaign, leads, now=now)
    return leads is not None


def _repeat_failures(campaign: Campaign, *, now: dt.datetime) -> bool:
    """Queue the next failed messages of the campaign that this one repeats, with the text they had; False after the last."""
    source = Campaign(pk=campaign.retry_of_id, account_id=campaign.account_id)
    failed = list(retryable(campaign=source).filter(pk__gt=campaign.audience_lead).select_related("variation")[:BATCH])
    if not failed:
        return False
    variations = {variation.position: variation for variation in campaign.variations.all()}
    numbers = standings(campaign=campaign, now=now)
    known = _known_numbers(campaign, [row.phone for row in failed], numbers)
    messages: list[CampaignMessage] = []
    for row in failed:
        number = numbers[known[row.phone]] if row.phone in known else dealing.choose(numbers.values())
        numbers[number.connection_id] = number.with_one_more()
        messages.append(
            CampaignMessage(
                account_id=campaign.account_id,
                campaign=campaign,
                lead_id=row.lead_id,
                connection_id=number.connection_id,
                variation=variations.get(row.variation.position) if row.variation else None,
                position=campaign.audience_count + len(messages),
                name=row.name,
                phone=row.phone,
                body=row.body,
            )
        )
    CampaignMessage.objects.bulk_create(messages)
    save_deals(campaign, numbers)
    campaign.audience_lead = failed[-1].pk
    campaign.audience_count += len(messages)
    campaign.queued_count += len(messages)
    campaign.save(update_fields=["audience_lead", "audience_count", "queued_count"])
    return True


def _next_leads(campaign: Campaign) -> list[Lead] | None:
    """The next leads after the mark, moving on to the next list when one is read or gone; None after the last."""
    rest = campaign.campaign_lists.filter(position__gte=campaign.audience_list).order_by("position")
    for position, list_id in rest.values_list("position", "list_id"):
        if position > campaign.audience_list:
            campaign.audience_list, campaign.audience_lead = position, 0
        leads = list(Lead.objects.filter(list_id=list_id, pk__gt=campaign.audience_lead).order_by("pk")[:BATCH])
        if leads:
            return leads
    return None


def _make(campaign: Campaign, leads: Sequence[Lead], *, now: dt.datetime) -> None:
    variations = list(campaign.variations.order_by("position"))
    numbers = standings(campaign=campaign, now=now)
    places = {connection_id: place for place, connection_id in enumerate(numbers)}
    phones = [lead.phone for lead in leads if lead.phone]
    taken = set(CampaignMessage.objects.filter(campaign=campaign, phone__in=phones).values_list("phone", flat=True))
    known = _known_numbers(campaign, phones, numbers)
    messages: list[CampaignMessage] = []
    exclusions: list[CampaignExclusion] = []
    for lead in leads:
        sticky = known.get(lead.phone or "")
        number = numbers[sticky] if sticky else dealing.choose(numbers.values())
        turn = dealing.variation_for(number, place=places[number.connection_id], variations=len(variations))
        reason, body = _text(campaign, variations[turn], lead, taken)
        if reason:
            exclusions.append(
                CampaignExclusion(account_id=campaign.account_id, campaign=campaign, lead=lead, reason=reason)
            )
            continue
        phone = lead.phone or ""
        taken.add(phone)
        numbers[number.connection_id] = numbers[number.connection_id].with_one_more()
        messages.append(
            CampaignMessage(
                account_id=campaign.account_id,
                campaign=campaign,
                lead=lead,
                connection_id=number.connection_id,
                variation=variations[turn],
                position=campaign.audience_count + len(messages),
                name=lead.name,
                phone=phone,
                body=body,
            )
        )
    CampaignMessage.objects.bulk_create(messages)
    CampaignExclusion.objects.bulk_create(exclusions, ignore_conflicts=True)
    save_deals(campaign, numbers)
    campaign.audience_lead = leads[-1].pk
    campaign.audience_count += len(messages)
    campaign.queued_count += len(messages)
    campaign.excluded_count += len(exclusions)
    campaign.save(update_fields=["audience_list", "audience_lead", "audience_count", "queued_count", "excluded_count"])


def _known_numbers(campaign: Campaign, phones: Sequence[str], numbers: Collection[int]) -> dict[str, int]:
    """Whoever was written to before hears from the same number again, where it takes part."""
    known = ContactMemory.objects.filter(account_id=campaign.account_id, phone__in=phones, connection_id__in=numbers)
    return dict(known.values_list("phone", "connection_id"))


def save_deals(campaign: Campaign, numbers: Mapping[int, dealing.Standing]) -> None:
    """Keep how many messages each number of the campaign was given. The caller holds the campaign."""
    for number in numbers.values():
        turns = CampaignLane.objects.filter(campaign=campaign, lane__connection_id=number.connection_id)
        turns.exclude(dealt_count=number.dealt).update(dealt_count=number.dealt)


def _text(campaign: Campaign, variation: Variation, lead: Lead, taken: Collection[str]) -> tuple[str, str]:
    """("", text), or (reason, "") for a lead that becomes no message: what it is, then who has it, then its text."""
    if not lead.phone or not lead.contactable:
        return lead.reason or "not_contactable", ""
    if lead.phone in taken:
        return "duplicate_in_campaign", ""
    values = render.lead_values(name=lead.name, city=lead.city, uf=lead.uf, email=lead.email, variables=lead.variables)
    try:
        return "", render.render(variation.body, values=values, name_fallback=campaign.name_fallback)
    except render.Unrenderable as error:
        return error.code, ""
