"""Rows into the values that the gates decide on. Each function is one statement for any number of rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from django.conf import settings

from billing.models import SendAllowance
from campaigns.domain import gates
from campaigns.domain.pacing import Window
from campaigns.domain.states import MessageStatus
from campaigns.models import (
    Campaign,
    CampaignMessage,
    Connection,
    ConnectionState,
    ContactMemory,
    Reply,
    SendLane,
    Suppression,
)


def account_facts(allowances: Collection[SendAllowance]) -> dict[int, gates.AccountFacts]:
    """By account id; the allowances come with their account."""
    return {
        row.pk: gates.AccountFacts(
            account_id=row.pk,
            time_zone=row.account.time_zone,
            send_until=row.send_until,
            daily_limit=row.daily_limit,
            daily_per_number=row.daily_per_number,
            min_gap_s=row.min_gap_s,
            halted_reason=row.halted_reason,
            used_on=row.used_on,
            used_count=row.used_count,
            frequency_cap_days=row.account.frequency_cap_days,
        )
        for row in allowances
    }


def lane_facts(lane: SendLane, connection: Connection) -> gates.LaneFacts:
    return gates.LaneFacts(
        lane_id=lane.pk,
        connected=connection.state == ConnectionState.CONNECTED,
        archived=connection.archived_at is not None,
        rest_until=lane.rest_until,
        rest_reason=lane.rest_reason,
        daily_cap=lane.daily_cap,
        used_on=lane.used_on,
        used_count=lane.used_count,
    )


def campaign_facts(campaign: Campaign) -> gates.CampaignFacts:
    return gates.CampaignFacts(
        campaign_id=campaign.pk,
        window=Window.of(campaign.window, skip_holidays=campaign.skip_holidays),
        daily_cap=campaign.daily_cap,
        used_on=campaign.used_on,
        used_count=campaign.used_count,
    )


class Addressed(Protocol):
    """A queued message, or as much of it as the gates want to know."""

    @property
    def pk(self) -> int: ...
    @property
    def account_id(self) -> int: ...
    @property
    def campaign_id(self) -> int: ...
    @property
    def phone(self) -> str: ...
    @property
    def body(self) -> str: ...


def message_facts(messages: Sequence[Addressed]) -> dict[int, gates.MessageFacts]:
    """By message id. Phones in flight are read first: the other way round, a record that commits in between would hide a
    phone from both readings.
    """
    phones = _by_account({(message.account_id, message.phone) for message in messages})
    accounts = list(phones)
    wanted = list({phone for group in phones.values() for phone in group})
    in_flight = set(
        CampaignMessage.objects.filter(
            account_id__in=accounts, phone__in=wanted, status=MessageStatus.SENDING
        ).values_list("account_id", "phone")
    )
    suppressed: Mapping[tuple[int, str], str] = {
        (account_id, phone): reason
        for account_id, phone, reason in Suppression.objects.filter(
            account_id__in=accounts, phone__in=wanted
        ).values_list("account_id", "phone", "reason")
    }
    memory: Mapping[tuple[int, str], tuple[dt.datetime, int]] = {
        (account_id, phone): (last_sent_at, message_ref)
        for account_id, phone, last_sent_at, message_ref in ContactMemory.objects.filter(
            account_id__in=accounts, phone__in=wanted
        ).values_list("account_id", "phone", "last_sent_at", "message_ref")
    }
    replied = set(
        Reply.objects.filter(
            account_id__in=accounts,
            phone__in=wanted,
            message__campaign__in={message.campaign_id for message in messages},
        ).values_list("account_id", "phone", "message__campaign_id")
    )
    allowed = set(settings.SEND_ONLY_TO)
    facts = {}
    for message in messages:
        key = (message.account_id, message.phone)
        contacted_at, message_ref = memory.get(key, (None, 0))
        facts[message.pk] = gates.MessageFacts(
            message_id=message.pk,
            phone=message.phone,
            body_complete=bool(message.body.strip()),
            suppressed=suppressed.get(key, ""),
            phone_in_flight=key in in_flight,
            contacted_at=None if message_ref == message.pk else contacted_at,
            replied=(*key, message.campaign_id) in replied,
            on_staging_list=not allowed or message.phone in allowed,
        )
    return facts


def _by_account(pairs: Collection[tuple[int, str]]) -> dict[int, set[str]]:
    """Phones by account."""
    grouped: dict[int, set[str]] = defaultdict(set)
    for account_id, phone in pairs:
        grouped[account_id].add(phone)
    return grouped
