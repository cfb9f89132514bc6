"""The state machines of a campaign, a message and a receipt, as data that the services obey and `docs/sending.md` draws."""

from __future__ import annotations

from enum import StrEnum


class CampaignStatus(StrEnum):
    DRAFT = "draft"  # being written; nothing is prepared
    SCHEDULED = "scheduled"  # starts by itself at starts_at
    RUNNING = "running"  # its messages may be claimed once the audience is complete
    PAUSED = "paused"  # nothing more leaves until a person resumes it
    FINISHED = "finished"  # every message has an outcome
    CANCELLED = "cancelled"  # nothing more leaves, ever


class MessageStatus(StrEnum):
    QUEUED = "queued"  # waits for its lane
    SENDING = "sending"  # claimed: the gateway may have it at any moment
    SENT = "sent"  # the gateway accepted it
    FAILED = "failed"  # refused for good
    UNCONFIRMED = "unconfirmed"  # nobody knows whether it left; never resent by itself
    SKIPPED = "skipped"  # a gate said no for good
    CANCELLED = "cancelled"  # its campaign was cancelled before it left


class ReceiptStatus(StrEnum):
    NONE = "none"
    SERVER = "server"  # WhatsApp's server has it
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"  # undelivered; the message stays sent


CAMPAIGN_TRANSITIONS: dict[CampaignStatus, frozenset[CampaignStatus]] = {
    CampaignStatus.DRAFT: frozenset({CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.CANCELLED}),
    CampaignStatus.SCHEDULED: frozenset(
        {CampaignStatus.DRAFT, CampaignStatus.RUNNING, CampaignStatus.PAUSED, CampaignStatus.CANCELLED}
    ),
    CampaignStatus.RUNNING: frozenset({CampaignStatus.PAUSED, CampaignStatus.FINISHED, CampaignStatus.CANCELLED}),
    # One that was paused before its time goes back to waiting for it.
    CampaignStatus.PAUSED: frozenset({CampaignStatus.RUNNING, CampaignStatus.SCHEDULED, CampaignStatus.CANCELLED}),
    # "Enviar de novo" of an unconfirmed message reopens a finished campaign.
    CampaignStatus.FINISHED: frozenset({CampaignStatus.RUNNING}),
    CampaignStatus.CANCELLED: frozenset(),
}

MESSAGE_TRANSITIONS: dict[MessageStatus, frozenset[MessageStatus]] = {
    MessageStatus.QUEUED: frozenset({MessageStatus.SENDING, MessageStatus.SKIPPED, MessageStatus.CANCELLED}),
    # back to queued only when it is proved that nothing was sent; cancelled the same, when its campaign was cancelled
    MessageStatus.SENDING: frozenset(
        {
            MessageStatus.SENT,
            MessageStatus.FAILED,
            MessageStatus.UNCONFIRMED,
            MessageStatus.QUEUED,
            MessageStatus.CANCELLED,
        }
    ),
    # to queued only by a person's decision
    MessageStatus.UNCONFIRMED: frozenset({MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.QUEUED}),
    MessageStatus.SENT: frozenset(),
    MessageStatus.FAILED: frozenset(),
    MessageStatus.SKIPPED: frozenset(),
    MessageStatus.CANCELLED: frozenset(),
}


def campaign_may_become(current: str, target: CampaignStatus) -> bool:
    """Whether a campaign in `current` may go to `target`."""
    return target in CAMPAIGN_TRANSITIONS[CampaignStatus(current)]
