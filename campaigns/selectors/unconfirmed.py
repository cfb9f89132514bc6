"""The messages of which nobody knows whether they left, for a person to decide about."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import BooleanField, Case, Exists, F, OuterRef, Q, QuerySet, Value, When

from campaigns.domain import pacing, settling
from campaigns.domain.states import MessageStatus
from campaigns.models import Campaign, CampaignMessage, Decision, GatewayEvent

# An instance that confirmed something in the day before the claim would have confirmed this message too.
ACKS_KNOWN_FOR = dt.timedelta(days=1)


def list_unconfirmed(*, campaign: Campaign, now: dt.datetime) -> QuerySet[CampaignMessage]:
    """In the order they were claimed, each with `probably_not_sent` (bool).

    It is probably unsent when its lease and the grace after it are over, its instance does confirm deliveries, and nothing
    was heard in that time that may be about it. Never a certainty: it is still a person who decides.
    """
    window = dt.timedelta(seconds=pacing.lease_s(settings.CALL_TIMEOUT_S) + settling.GRACE_S)
    heard = GatewayEvent.objects.filter(
        connection=OuterRef("connection"),
        reason=settling.UNMATCHED,
        received_at__gte=OuterRef("claimed_at"),
        received_at__lte=OuterRef("claimed_at") + window,
    )
    silent = Q(claimed_at__lt=now - window, connection__acks_seen_at__gte=F("claimed_at") - ACKS_KNOWN_FOR)
    rows = CampaignMessage.objects.filter(
        account_id=campaign.account_id, campaign=campaign, status=MessageStatus.UNCONFIRMED
    )
    return (
        rows.annotate(
            probably_not_sent=Case(
                When(silent & ~Exists(heard), then=Value(value=True)),
                default=Value(value=False),
                output_field=BooleanField(),
            )
        )
        .select_related("connection")
        .defer("connection__instance_key", "connection__token", "connection__webhook_secret", "claim_token")
        .order_by("claimed_at", "pk")
    )


def list_decisions(*, campaign: Campaign) -> QuerySet[Decision]:
    """What people decided about this campaign's messages, newest first."""
    rows = Decision.objects.filter(account_id=campaign.account_id, message__campaign=campaign)
    return rows.select_related("message", "decided_by").order_by("-decided_at", "-pk")
