"""The rows of the sending engine (docs/sending.md). The database holds every "never" as a named constraint.

Lock order everywhere: allowance, lane, campaign, message, each by id.
"""

from campaigns.models.campaigns import Campaign, CampaignLane, CampaignList, Variation, default_window
from campaigns.models.connections import Connection, ConnectionState, Gateway, SendLane
from campaigns.models.contacts import ContactMemory, Suppression
from campaigns.models.inbound import GatewayEvent, Receipt, Reply
from campaigns.models.installation import Installation
from campaigns.models.messages import (
    Attempt,
    CampaignExclusion,
    CampaignMessage,
    CampaignMessageQuerySet,
    Decision,
    Outcome,
)
from campaigns.models.usage import UsageDay

__all__ = [
    "Attempt",
    "Campaign",
    "CampaignExclusion",
    "CampaignLane",
    "CampaignList",
    "CampaignMessage",
    "CampaignMessageQuerySet",
    "Connection",
    "ConnectionState",
    "ContactMemory",
    "Decision",
    "Gateway",
    "GatewayEvent",
    "Installation",
    "Outcome",
    "Receipt",
    "Reply",
    "SendLane",
    "Suppression",
    "UsageDay",
    "Variation",
    "default_window",
]
