"""Rows of the sending engine for tests: an account that may send, numbers on the sandbox, campaigns with messages."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from accounts.models import Account
from billing.models import SendAllowance
from campaigns.domain.states import CampaignStatus
from campaigns.models import Campaign, CampaignLane, CampaignMessage, Connection, ConnectionState, SendLane, Variation
from extraction.models import Lead, LeadList
from leads_infinitos.sandbox.client import SandboxClient

_numbers = itertools.count(1)
ALWAYS_OPEN = [[[0, 1440]]] * 7
NOW = dt.datetime(2026, 11, 25, 15, 0, tzinfo=dt.UTC)  # a Wednesday, noon in São Paulo
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def make_sender(*, daily_limit: int = 1_000_000, daily_per_number: int = 1_000_000, **account: Any) -> Account:
    """An account with a licence and, unless said otherwise, no limit and no frequency cap."""
    owner = Account.objects.create(**{"name": "Conta", "frequency_cap_days": 0, **account})
    SendAllowance.objects.update_or_create(
        account=owner,
        defaults={
            "send_until": dt.datetime(2100, 1, 1, tzinfo=dt.UTC),
            "numbers": 50,
            "daily_limit": daily_limit,
            "daily_per_number": daily_per_number,
        },
    )
    return owner


def make_connection(
    account: Account, sandbox: SandboxClient | None = None, *, gap_s: float = 0.0, host: str = "gateway", **lane: Any
) -> Connection:
    """A connected number; with a sandbox, one that the sandbox knows."""
    number = next(_numbers)
    key, token, base = f"instance-{number}", f"token-{number}", "http://127.0.0.1:9"
    if sandbox is not None:
        instance = sandbox.add_instance()
        key, token, base, host = instance.key, instance.token, sandbox.mega_url, sandbox.mega_url
    connection = Connection.objects.create(
        account=account,
        name=f"Número {number}",
        base_url=base,
        instance_key=key,
        token=token,
        vendor_digest=f"digest-{number}",
        state=ConnectionState.CONNECTED,
    )
    defaults = {"not_before": LONG_AGO, "gap_min_s": gap_s, "gap_max_s": gap_s, **lane}
    SendLane.objects.create(account=account, connection=connection, host=host, **defaults)
    return connection


def make_campaign(
    account: Account, *connections: Connection, status: str = CampaignStatus.RUNNING, **fields: Any
) -> Campaign:
    """A running campaign on these numbers with an empty, complete audience."""
    defaults = {"name": "Campanha", "window": ALWAYS_OPEN, "audience_ready_at": NOW, "started_at": NOW}
    campaign = Campaign.objects.create(account=account, status=status, **{**defaults, **fields})
    Variation.objects.create(campaign=campaign, position=0, body="Oi {nome}")
    for connection in connections:
        CampaignLane.objects.create(account=account, campaign=campaign, lane=connection.lane)
    return campaign


def make_messages(
    campaign: Campaign, connection: Connection, count: int, *, phones: list[str] | None = None
) -> list[CampaignMessage]:
    """Queued messages to new phones (or to these), counted, on a lane that is awake."""
    campaign.refresh_from_db()
    first = campaign.audience_count
    messages = CampaignMessage.objects.bulk_create(
        CampaignMessage(
            account_id=campaign.account_id,
            campaign=campaign,
            connection=connection,
            position=first + index,
            phone=phones[index] if phones else f"+55119{70_000_000 + next(_numbers)}",
            body=f"Oi {first + index}",
        )
        for index in range(count)
    )
    campaign.audience_count += count
    campaign.queued_count += count
    campaign.save(update_fields=["audience_count", "queued_count"])
    SendLane.objects.filter(connection=connection).update(wake_at=LONG_AGO)
    return messages


def counters(campaign: Campaign) -> dict[str, int]:
    """The campaign's counters that are not zero."""
    campaign.refresh_from_db()
    names = ("queued", "sending", "sent", "failed", "invalid", "unconfirmed", "skipped", "cancelled")
    return {name: value for name in names if (value := getattr(campaign, f"{name}_count"))}


def give_allowance(
    account: Account, *, daily_limit: int = 1_000, daily_per_number: int = 1_000, numbers: int = 5
) -> None:
    """The right to send until 2100, for an account that has an owner."""
    SendAllowance.objects.update_or_create(
        account=account,
        defaults={
            "send_until": dt.datetime(2100, 1, 1, tzinfo=dt.UTC),
            "numbers": numbers,
            "daily_limit": daily_limit,
            "daily_per_number": daily_per_number,
        },
    )


def make_list(account: Account, *, leads: int = 0, name: str = "", variable_keys: list[str] | None = None) -> LeadList:
    """A list with so many leads that may be contacted."""
    row = LeadList.objects.create(
        account=account,
        name=name or f"Lista {next(_numbers)}",
        lead_count=leads,
        contactable_count=leads,
        variable_keys=variable_keys or [],
    )
    Lead.objects.bulk_create(
        Lead(
            account=account,
            list=row,
            name=f"Cliente {index}",
            phone=f"+55119{80_000_000 + next(_numbers)}",
            contactable=True,
            wa_candidates=[],
        )
        for index in range(leads)
    )
    return row


def settle(
    campaign: Campaign, messages: list[CampaignMessage], status: str, *, reason: str = "", bucket: str = ""
) -> None:
    """Queued messages as they are after an outcome, with the counters moved as the engine moves them."""
    bucket = bucket or status
    ids = [message.pk for message in messages]
    sent_at = NOW if status == "sent" else None
    CampaignMessage.objects.filter(pk__in=ids).update(status=status, reason=reason, sent_at=sent_at)
    campaign.refresh_from_db()
    campaign.queued_count -= len(ids)
    setattr(campaign, f"{bucket}_count", getattr(campaign, f"{bucket}_count") + len(ids))
    campaign.save()
