"""The only ways to get a campaign or connection a member may see: someone else's is a 404."""

from __future__ import annotations

from django.http import Http404

from accounts.models import Membership
from campaigns.models import Campaign, CampaignMessage, Connection


def access_campaign(membership: Membership, campaign_id: int) -> Campaign:
    """The member's campaign. Raises Http404."""
    campaign = Campaign.objects.filter(account_id=membership.account_id, pk=campaign_id).first()
    if campaign is None:
        raise Http404
    return campaign


def access_connection(membership: Membership, connection_id: int) -> Connection:
    """The member's connection that is not removed, with its lane. Raises Http404."""
    rows = Connection.objects.filter(account_id=membership.account_id, archived_at__isnull=True)
    connection = rows.select_related("lane").filter(pk=connection_id).first()
    if connection is None:
        raise Http404
    return connection


def access_message(membership: Membership, campaign_id: int, message_id: int) -> CampaignMessage:
    """One message of the member's campaign. Raises Http404."""
    rows = CampaignMessage.objects.filter(account_id=membership.account_id, campaign_id=campaign_id)
    message = rows.filter(pk=message_id).first()
    if message is None:
        raise Http404
    return message
