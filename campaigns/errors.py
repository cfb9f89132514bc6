"""What campaigns and connections refuse. Each has a stable code; texts.py words it in Portuguese."""

from __future__ import annotations

from leads_infinitos.kernel.errors import DomainError


class CampaignError(DomainError):
    """Root of the refusals about a campaign."""

    code = "campaign_error"


class WrongState(CampaignError):
    """The campaign's state does not allow it; params: status, wanted."""

    code = "campaign_wrong_state"


class CampaignIncomplete(CampaignError):
    """It cannot start: params `missing` lists codes (lists, connections, variations, window)."""

    code = "campaign_incomplete"


class TextInvalid(CampaignError):
    """A variation cannot be sent as it is; params: variation (from 1), problem, field."""

    code = "text_invalid"


class WindowInvalid(CampaignError):
    """The sending hours are not valid; params: day (0 = Monday, -1 = all)."""

    code = "window_invalid"


class StartInPast(CampaignError):
    """The scheduled start lies in the past."""

    code = "start_in_past"


class ForeignObject(CampaignError):
    """A list or connection of another account, or one that does not exist."""

    code = "unknown_reference"


class NoAccess(CampaignError):
    """The account has no valid licence: nothing can start."""

    code = "licence_lapsed"


class NotUnconfirmed(CampaignError):
    """The message is no longer in doubt: it was settled meanwhile."""

    code = "message_not_unconfirmed"


class ConnectionRefused(DomainError):
    """Root of the refusals about a connection."""

    code = "connection_error"


class InstanceTaken(ConnectionRefused):
    """The instance is already connected, in this account or in another one; params: here (bool)."""

    code = "instance_taken"


class PhoneTaken(ConnectionRefused):
    """The WhatsApp number is already connected elsewhere; params: here (bool)."""

    code = "phone_taken"


class TooManyConnections(ConnectionRefused):
    """The plan's numbers are all in use; params: limit."""

    code = "too_many_connections"


class ConnectionInUse(ConnectionRefused):
    """Open campaigns send with it; params: campaigns (names)."""

    code = "connection_in_use"


class GapInvalid(ConnectionRefused):
    """The interval between messages is below the floor or upside down; params: floor_s."""

    code = "gap_invalid"


class NothingToRetry(CampaignError):
    """None of the campaign's failures may be tried once more."""

    code = "nothing_to_retry"


class RetryPreparing(CampaignError):
    """A run that repeats the campaign's failures is still being prepared."""

    code = "retry_preparing"


class CampaignBusy(CampaignError):
    """It cannot be deleted yet: its last messages, or a run that repeats its failures, are still being worked on."""

    code = "campaign_busy"


class DealInvalid(CampaignError):
    """Closed deals cannot go below zero."""

    code = "deals_below_zero"


class NothingToConfirm(CampaignError):
    """The database may send: the restore guard waits for nobody."""

    code = "nothing_to_confirm"


class WitnessSilent(CampaignError):
    """What remembers the sends outside the database cannot be reached; nothing can be confirmed before it can."""

    code = "witness_silent"
